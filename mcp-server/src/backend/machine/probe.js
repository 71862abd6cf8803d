// What can be seen and done within the walls, told as one line of JSON; then it waits to be ended.

const attempt = (name) => {
  try {
    Deno.writeTextFileSync(name, "x");
    return [name];
  } catch {
    return [];
  }
};

const names = (folder) => [...Deno.readDirSync(folder)].map((entry) => entry.name);
const top = names("/");
const folders = top.filter((name) => Deno.statSync(`/${name}`).isDirectory && name !== "proc");
const interfaces = Deno.readTextFileSync("/proc/net/dev").split("\n")
  .filter((line) => line.includes(":")).map((line) => line.split(":")[0].trim());

console.log(JSON.stringify({
  top,
  writable: ["", ...folders.map((name) => `/${name}`)].flatMap((folder) => attempt(`${folder}/probe`)),
  interfaces,
  environment: Object.keys(Deno.env.toObject()),
  processes: names("/proc").filter((name) => /^[0-9]+$/.test(name)).length,
  status: Deno.readTextFileSync("/proc/self/status"),
}));

setInterval(() => {}, 1 << 30);
