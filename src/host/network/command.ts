/**
 * Runs the system's network tools (`ip`, `nft`, …). A command that fails is an error that carries what the tool said; text goes
 * in by standard input, never through a shell's parsing, except for `inNamespace`, whose script is ours and holds no user data.
 */
import { spawn } from "node:child_process";

export class CommandFailedError extends Error {
  override readonly name = "CommandFailedError";
  readonly said: string;
  constructor(command: string, said: string) {
    super(`${command} failed`, { cause: said });
    this.said = said;
  }
}

const timeoutMs = 20_000;

/** What the command printed. Rejects when it ends with another status than 0. */
export function runCommand(file: string, args: readonly string[], input = "", limitMs = timeoutMs): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { stdio: ["pipe", "pipe", "pipe"], timeout: limitMs, killSignal: "SIGKILL" });
    const out: Buffer[] = [];
    const errors: Buffer[] = [];
    child.stdout.on("data", (chunk: Buffer) => out.push(chunk));
    child.stderr.on("data", (chunk: Buffer) => errors.push(chunk));
    child.once("error", (error) => reject(new Error(`cannot run ${file}`, { cause: error })));
    child.once("close", (code, signal) => {
      if (code === 0) return resolve(Buffer.concat(out).toString());
      const said = Buffer.concat(errors).toString().trim();
      reject(new CommandFailedError([file, ...args].join(" "), said === "" ? `ended with ${code ?? signal}` : said));
    });
    // A tool that ends before it has read everything says why by its status; the broken pipe adds nothing.
    child.stdin.on("error", () => {});
    child.stdin.end(input);
  });
}

/** Runs lines of `ip` in one process, in the namespace if one is named; with `anyway` goes on after a line that fails. */
export async function ipBatch(lines: readonly string[], options: { readonly namespace?: string; readonly anyway?: boolean } = {}): Promise<void> {
  if (lines.length === 0) return;
  const where = options.namespace === undefined ? [] : ["-n", options.namespace];
  const run = runCommand("ip", [...where, ...(options.anyway === true ? ["-force"] : []), "-batch", "-"], `${lines.join("\n")}\n`);
  await (options.anyway === true ? run.catch(ignoreFailedCommand) : run);
}

/** The answer of `ip -json`, or an empty list when there is nothing (a device or namespace that does not exist). */
export async function ipJson(args: readonly string[], namespace?: string): Promise<readonly unknown[]> {
  const where = namespace === undefined ? [] : ["-n", namespace];
  const text = await runCommand("ip", [...where, "-json", ...args]).catch(nothingIfFailed);
  const parsed: unknown = text.trim() === "" ? [] : JSON.parse(text);
  return Array.isArray(parsed) ? parsed : [];
}

/** Loads a ruleset as one transaction. */
export async function loadRules(text: string, namespace?: string): Promise<void> {
  await (namespace === undefined
    ? runCommand("nft", ["-f", "-"], text)
    : runCommand("nsenter", [`--net=${namespacePath(namespace)}`, "nft", "-f", "-"], text));
}

/** Runs a shell script inside a network namespace. */
export async function runInNamespace(namespace: string, script: string): Promise<void> {
  await runCommand("nsenter", [`--net=${namespacePath(namespace)}`, "sh", "-eu"], script);
}

export function namespacePath(namespace: string): string {
  return `/run/netns/${namespace}`;
}

/** Shell lines that write kernel parameters under /proc/sys/net, which a process sees for its own namespace only. */
export function parameterScript(parameters: Readonly<Record<string, string | number>>): string {
  return Object.entries(parameters).map(([name, value]) => `echo ${value} > /proc/sys/net/${name}\n`).join("");
}

/** A shell line that runs lines of a tool in one process (`ip`, `bridge`), or none; with `anyway` goes on after a line that fails. */
export function batchScript(tool: "ip" | "ip -6" | "bridge", lines: readonly string[], anyway = false): readonly string[] {
  if (lines.length === 0) return [];
  return [`${tool}${anyway ? " -force" : ""} -batch - <<'END_OF_LINES'${anyway ? " 2>/dev/null || true" : ""}\n${lines.join("\n")}\nEND_OF_LINES\n`];
}

/** A shell line that loads a ruleset as one transaction, if there is any. */
export function rulesScript(rules: string): readonly string[] {
  return rules === "" ? [] : [`nft -f - <<'END_OF_RULES'\n${rules}END_OF_RULES\n`];
}

export function ignoreFailedCommand(error: unknown): void {
  if (!(error instanceof CommandFailedError)) throw error;
}

function nothingIfFailed(error: unknown): string {
  ignoreFailedCommand(error);
  return "";
}
