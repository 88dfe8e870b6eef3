/** `image` and its commands. */
import { Option, type Command } from "commander";
import { dataOption } from "./program-options.ts";

export interface ImportOptions {
  readonly data?: string;
  readonly name: string;
  readonly loginUser?: string;
  readonly paravirtual?: true;
  readonly arch?: "x86_64" | "arm64";
}

export function addImageCommands(program: Command): void {
  const image = program.command("image").description("the disk images that guests boot from");
  image
    .command("list")
    .description("the images of this installation")
    .option("--json", "as JSON")
    .addOption(dataOption())
    .action(async (options: { data?: string; json?: boolean }) => (await import("./commands/image-list.ts")).imageList(options));
  image
    .command("build")
    .description("build an image from Debian packages")
    .argument("<name>", "tiny, debian-12, tiny-vf (virtual functions) or tiny-arm64")
    .option("--force", "build it again")
    .addOption(dataOption())
    .action(async (name: string, options: { data?: string; force?: boolean }) => (await import("./commands/image-build.ts")).imageBuild(name, options));
  image
    .command("import")
    .description("take in a raw, qcow2 or VMDK cloud image")
    .argument("<file>")
    .requiredOption("--name <name>", "the image's name")
    .option("--login-user <name>", "whom it lets log in with the key pair (default: admin)")
    .option("--paravirtual", "for paravirtual guests too; its first partition must hold the root file system")
    .addOption(new Option("--arch <name>", "of its processor (default: x86_64); arm64 boots through UEFI").choices(["x86_64", "arm64"]).conflicts("paravirtual"))
    .addOption(dataOption())
    .action(async (file: string, options: ImportOptions) => (await import("./commands/image-import.ts")).imageImport(file, options));
  image
    .command("alias")
    .description("let a fixed AMI id or a public parameter name mean an image of this installation")
    .argument("<alias>", "ami-… or /aws/service/…")
    .argument("<image>", "an AMI id or a name of `image list`")
    .addOption(dataOption())
    .action(async (alias: string, target: string, options: { data?: string }) =>
      (await import("./commands/image-alias.ts")).imageAlias(alias, target, options),
    );
}
