/** `image build`: has an image built in the background and follows it; an interrupted one goes on. */
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { listImages } from "../../image/manifest.ts";
import { CommandError } from "../command-error.ts";
import { surroundings } from "../directories.ts";
import { findImageBuild, launchImageBuild, type ImageBuild } from "../image-builds.ts";
import { ensureInstallation, findInstallation, type Installation } from "../installation.ts";
import { lockHeld, logFile } from "../launch.ts";
import { installationParts, prepareDataDirectory } from "../prepare-installation.ts";
import { terminalProgress } from "../terminal.ts";
import { parseImageName } from "./build-image.ts";

export async function imageBuild(text: string, options: { readonly data?: string; readonly force?: boolean }): Promise<void> {
  const name = parseImageName(text);
  const around = surroundings();
  if (around.uid !== 0) throw new CommandError("Building an image needs root.", { remedy: "Run it as root." });
  const dataDirectory = prepareDataDirectory(options.data, false, around);
  const installation = await ensureRealInstallation(dataDirectory);
  const present = (await listImages(join(dataDirectory, "images"))).find((image) => image.name === name);
  if (present !== undefined && options.force !== true) {
    process.stdout.write(`The image ${name} is there (${present.file}); --force builds it again.\n`);
    return;
  }
  await follow(name, dataDirectory, installation, options.force === true);
  process.stdout.write(`The image ${name} is built.\n`);
}

async function ensureRealInstallation(dataDirectory: string): Promise<Installation> {
  const existing = findInstallation(dataDirectory);
  if (existing?.simulated === true) throw new CommandError("A simulated installation boots nothing, so it builds no images.");
  return existing ?? ensureInstallation(dataDirectory, { simulated: false, openAccounts: false }, installationParts(false, surroundings()));
}

/** Starts the build, or waits for the one that runs and looks again. */
async function follow(name: string, dataDirectory: string, installation: Installation, again: boolean): Promise<void> {
  const progress = terminalProgress(process.stdout);
  const { runDirectory } = installation;
  try {
    for (;;) {
      const child = launchImageBuild(name, { dataDirectory, runDirectory }, again);
      const ended = once(child, "exit").then(([code]) => Number(code));
      const code = await showUntil(ended, () => progress.working(`building the image ${name}: ${findImageBuild(runDirectory, name)?.step ?? "starting"}`));
      if (code === 0) return;
      if (code !== lockHeld) throw failure(name, dataDirectory, findImageBuild(runDirectory, name));
      progress.working(`another build of ${name} runs: ${findImageBuild(runDirectory, name)?.step ?? "starting"}`);
      await sleep(500);
    }
  } finally {
    progress.end();
  }
}

async function showUntil(ended: Promise<number>, show: () => void): Promise<number> {
  const timer = setInterval(show, 200);
  try {
    return await ended;
  } finally {
    clearInterval(timer);
  }
}

function failure(name: string, dataDirectory: string, build: ImageBuild | undefined): CommandError {
  return new CommandError(`The image ${name} could not be built: ${build?.step ?? "it ended without a word"}`, { remedy: `Look at ${logFile(dataDirectory, `image-${name}`)}` });
}
