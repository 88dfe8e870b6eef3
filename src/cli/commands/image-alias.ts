/** `image alias`: lets a name that code has fixed mean an image of this installation. */
import { askControlPlane } from "../control-client.ts";
import { ranAsOwner, requireInstallation } from "../current-installation.ts";

export async function imageAlias(alias: string, image: string, options: { readonly data?: string }): Promise<void> {
  const current = requireInstallation(options.data);
  if (ranAsOwner(current)) return;
  const put = await askControlPlane<{ readonly image: string }>(current, { method: "PUT", path: "/v1/images/aliases", body: { alias, image }, timeoutMs: 10_000 });
  process.stdout.write(`${alias} now means ${put.image}\n`);
}
