//! How tools describe themselves. That their answers fit what they say is part of the matrix.

use crate::app::App;
use crate::matrix::tools;

#[tokio::test]
async fn tools_describe_themselves() {
    let app = App::start().await;
    for tool in tools(&app).await {
        let name = tool["name"].as_str().unwrap();
        for part in ["title", "description"] {
            assert!(tool[part].as_str().is_some_and(|text| !text.is_empty()), "{name} has no {part}");
        }
        for schema in ["inputSchema", "outputSchema"] {
            assert_eq!(tool[schema]["type"], "object", "{name}");
            jsonschema::meta::validate(&tool[schema]).unwrap_or_else(|error| panic!("{name}: {error}"));
            // many clients do not follow references
            assert!(!tool[schema].to_string().contains("\"$ref\""), "{name}");
        }
        let hints = &tool["annotations"];
        let reads = hints["readOnlyHint"].as_bool().unwrap();
        let destroys = hints["destructiveHint"].as_bool().unwrap();
        assert!(!(reads && destroys), "{name}");
    }
}
