/** `build-image`: the background process that builds one image and says how far it is (`image-builds.ts`). */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { errorChain } from "../../base/errors.ts";
import { architectureOf, buildableImages, buildImage, type BuildableImage } from "../../image/build-image.ts";
import { runCommand } from "../../image/command.ts";
import { listImages } from "../../image/manifest.ts";
import { CommandError, exitCodes, notRunning } from "../command-error.ts";
import { refreshImages } from "../control-client.ts";
import { packageCache } from "../directories.ts";
import { recordImageBuild } from "../image-builds.ts";
import { findInstallation } from "../installation.ts";
import { endSignal, processLog } from "../process-log.ts";

const launcher = fileURLToPath(new URL("../../../hostelry", import.meta.url));

export async function buildImageInBackground(options: { readonly data: string; readonly name: string; readonly again?: boolean }): Promise<void> {
  const installation = findInstallation(options.data);
  if (installation === undefined) throw notRunning(options.data);
  const { runDirectory } = installation;
  const name = parseImageName(options.name);
  const log = processLog(`image-${name}`);
  const imagesDirectory = join(options.data, "images");
  const record = (state: "building" | "built" | "failed", step: string) => recordImageBuild(runDirectory, name, { state, step });
  record("building", "starting");
  try {
    const there = options.again !== true && (await listImages(imagesDirectory)).some((image) => image.name === name);
    const progress = (step: string, fraction: number) => record("building", `${step} (${Math.floor(fraction * 100)} %)`);
    if (architectureOf(name) === "arm64") {
      record("building", "installing QEMU for arm64");
      await runCommand(launcher, ["setup", "arm64"], { signal: endSignal() });
    }
    if (!there) await buildImage(name, { imagesDirectory, cacheDirectory: packageCache, progress, log, signal: endSignal() });
    await refreshImages(runDirectory);
    record("built", "done");
  } catch (error) {
    log.error("the image could not be built", { image: name, error });
    record("failed", withRemedy(error));
    throw error;
  }
  process.exit(0);
}

export function parseImageName(text: string): BuildableImage {
  const name = buildableImages.find((known) => known === text);
  if (name !== undefined) return name;
  throw new CommandError(`There is no recipe for an image ${text}.`, { remedy: `There are: ${buildableImages.join(", ")}. Others come in by ./hostelry image import.`, exitCode: exitCodes.usage });
}

function withRemedy(error: unknown): string {
  const remedy = error instanceof Error && "remedy" in error ? error.remedy : undefined;
  return typeof remedy === "string" ? `${errorChain(error)} (${remedy})` : errorChain(error);
}
