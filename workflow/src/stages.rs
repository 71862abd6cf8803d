//! In which order nodes work: by the longest way to each.

use crate::part_name::PartName;
use crate::workflow::Workflow;
use std::collections::BTreeMap;

impl Workflow {
    /// The nodes by stages: those of the first wait for nobody, and each other stage holds those whose longest way from the
    /// first has as many steps. Nodes of one stage work side by side.
    #[must_use]
    pub fn stages(&self) -> Vec<Vec<&PartName>> {
        let mut stage: BTreeMap<&PartName, usize> = self.nodes.keys().map(|name| (name, 0)).collect();
        // INVARIANT: a workflow that was read has no cycle, so that a way has fewer steps than there are nodes
        for _ in 0..self.nodes.len() {
            for edge in &self.edges {
                let before = stage.get(&edge.from).copied().unwrap_or(0);
                if let Some(after) = stage.get_mut(&edge.to) {
                    *after = (*after).max(before + 1);
                }
            }
        }
        let mut stages: Vec<Vec<&PartName>> = Vec::new();
        for (name, number) in stage {
            if stages.len() <= number {
                stages.resize(number + 1, Vec::new());
            }
            if let Some(nodes) = stages.get_mut(number) {
                nodes.push(name);
            }
        }
        stages
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stages(nodes: &str, edges: &str) -> Vec<Vec<String>> {
        let nodes: String =
            nodes.split(' ').map(|n| format!("  {n}: {{path: {n}.ts, description: N}}\n")).collect();
        let edges: String = edges
            .split_whitespace()
            .map(|edge| edge.split_once('>').unwrap())
            .map(|(from, to)| format!("  - {{from: {from}, to: {to}}}\n"))
            .collect();
        let edges = if edges.is_empty() { "edges: []\n".to_owned() } else { format!("edges:\n{edges}") };
        let yaml = format!("name: a\nversion: '1.0'\ntriggers: [{{type: manual}}]\nnodes:\n{nodes}{edges}");
        let workflow = Workflow::parse(yaml.as_bytes()).unwrap();
        workflow.stages().iter().map(|stage| stage.iter().map(ToString::to_string).collect()).collect()
    }

    #[test]
    fn a_node_is_in_the_stage_after_the_last_that_it_waits_for() {
        assert_eq!(stages("a b", ""), [["a", "b"]]);
        assert_eq!(stages("z a b c", "z>a a>b z>b"), vec![vec!["c", "z"], vec!["a"], vec!["b"]]);
        assert_eq!(stages("a b c d", "d>c c>b b>a"), [["d"], ["c"], ["b"], ["a"]]);
    }
}
