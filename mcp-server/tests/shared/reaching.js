// What code that tries to reach things has in common: the answer, or the name of the error.
const tried = async (work) => { try { return await work() } catch (error) { return error.name } };
const raw = async (hostname, port) => {
  const connection = await Deno.connect({ hostname, port });
  await connection.write(new TextEncoder().encode("ping"));
  const part = new Uint8Array(1024);
  const count = await connection.read(part);
  connection.close();
  return new TextDecoder().decode(part.subarray(0, count ?? 0)).split("\r\n\r\n").at(-1);
};
