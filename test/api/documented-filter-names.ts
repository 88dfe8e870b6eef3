/** The names of the filters that the SDK's own documentation lists for each Describe action. */
import { glob, readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname } from "node:path";

/** Those that stand first in the items of the lists about each action's filters. */
export async function readDocumentedFilters(actions: readonly string[]): Promise<ReadonlyMap<string, readonly string[]>> {
  const models = `${dirname(createRequire(import.meta.url).resolve("@aws-sdk/client-ec2/package.json"))}/dist-types/models`;
  const names = new Map<string, string[]>();
  for await (const file of glob(`${models}/models_*.d.ts`)) {
    const text = await readFile(file, "utf8");
    for (const action of actions) {
      const start = text.indexOf(`interface ${action}Request {`);
      const comment = start < 0 ? undefined : text.slice(start, text.indexOf("\n}", start)).split(/Filters\?: /)[0]?.split("/**").at(-1);
      if (comment !== undefined) names.set(action, Array.from(comment.matchAll(/<li>[\s*]*<p>[\s*]*<code>([^<]+)<\/code>/g), ([, name = ""]) => name.replaceAll("&lt;", "<").replaceAll("&gt;", ">")));
    }
  }
  return names;
}
