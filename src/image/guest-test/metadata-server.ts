/**
 * For guest tests only: the metadata service of one instance, version 2 alone, in the network namespace that it is started in.
 * `node metadata-server.ts FILE`: FILE is JSON, path below /latest/ to text; it is read anew at every request.
 */
import { readFileSync } from "node:fs";
import { createServer } from "node:http";

const token = "AQAEAtest==";
const file = process.argv[2] ?? "";

const server = createServer((request, response) => {
  const path = request.url ?? "/";
  const answer = (status: number, text: string) => response.writeHead(status, { "content-type": "text/plain" }).end(text);
  if (request.method === "PUT" && path === "/latest/api/token") {
    const life = request.headers["x-aws-ec2-metadata-token-ttl-seconds"];
    if (life === undefined) answer(400, "");
    else response.writeHead(200, { "x-aws-ec2-metadata-token-ttl-seconds": life }).end(token);
  } else if (request.headers["x-aws-ec2-metadata-token"] !== token) answer(401, "");
  else {
    const found = lookUp(readTree(), path.replace(/^\/(?:latest|\d{4}-\d\d-\d\d)\//, ""));
    answer(found === undefined ? 404 : 200, found ?? "");
  }
});
server.listen(80, "169.254.169.254", () => process.stdout.write("listening\n"));

function readTree(): Map<string, string> {
  const parsed: unknown = JSON.parse(readFileSync(file, "utf8"));
  return new Map(Object.entries(parsed ?? {}).map(([path, text]) => [path, String(text)]));
}

/** A leaf's text, or the names of the children of a path that ends in `/` (or of a directory without it). */
function lookUp(tree: ReadonlyMap<string, string>, path: string): string | undefined {
  const leaf = tree.get(path);
  if (leaf !== undefined) return leaf;
  const folder = path === "" || path.endsWith("/") ? path : `${path}/`;
  const children = new Set<string>();
  for (const key of tree.keys()) {
    if (!key.startsWith(folder)) continue;
    const rest = key.slice(folder.length);
    const name = rest.includes("/") ? rest.slice(0, rest.indexOf("/") + 1) : rest;
    children.add(folder.endsWith("public-keys/") ? name.replace(/\/$/, "=test") : name);
  }
  return children.size === 0 ? undefined : [...children].join("\n");
}
