/** `image alias`: lets a name that code has fixed mean an image of this installation. */
import { CommandError, notRunning } from "../command-error.ts";
import { callSocket, controlSocket, isRefused } from "../control-client.ts";
import { ranAsOwner, requireInstallation } from "../current-installation.ts";

export async function imageAlias(alias: string, image: string, options: { readonly data?: string }): Promise<void> {
  const current = requireInstallation(options.data);
  if (ranAsOwner(current)) return;
  const id = await putAlias(current.installation.runDirectory, alias, image).catch((thrown: unknown) => {
    throw isRefused(thrown) ? notRunning(current.dataDirectory) : thrown;
  });
  process.stdout.write(`${alias} now means ${id}\n`);
}

/** Returns the id of the image that it means now. */
async function putAlias(runDirectory: string, alias: string, image: string): Promise<string> {
  const answer = await callSocket(controlSocket(runDirectory), { method: "PUT", path: "/v1/images/aliases", body: { alias, image }, timeoutMs: 10_000 });
  if (answer.status === 404) throw new CommandError(`There is no image ${image}.`, { remedy: "See: ./hostelry image list" });
  const parsed: unknown = answer.status === 200 ? JSON.parse(answer.body) : undefined;
  if (typeof parsed === "object" && parsed !== null && "image" in parsed) return String(parsed.image);
  throw new CommandError(`The control plane refused the alias: ${answer.body}`);
}
