/**
 * `bench connect`: a terminal through the service, in the installation that runs: from the click to the shell's prompt, from a key to its echo beside plain ssh, and
 * what a hundred of them take. The guest is `tiny`, paravirtual. Nothing else should run meanwhile.
 */
import { GetFederationTokenCommand, STSClient } from "@aws-sdk/client-sts";
import { notRunning } from "../command-error.ts";
import { makeSignInLink } from "../commands/console.ts";
import { findStatus } from "../control-client.ts";
import { requireInstallation, type CurrentInstallation } from "../current-installation.ts";
import type { Profile } from "../profile.ts";
import { terminalProgress } from "../terminal.ts";
import type { TerminalProfile } from "../terminal-client.ts";
import { clickToPrompt, isBrowserThere } from "./connect-browser.ts";
import { openServiceShell, toShell, type BenchShell } from "./connect-terminal.ts";
import { imageOf, openBenchGuests } from "./guests.ts";
import { describeMachine, median, table } from "./report.ts";
import { residentMib } from "./resident.ts";

const [prompt, kept, atOnce] = ["$ ", 100, 4];
/** Fewer than the service lets one user have. */
const perUser = 25;
const echoesPerTurn = 50;

export async function benchConnect(options: { readonly data?: string; readonly runs: number }): Promise<void> {
  const current = requireInstallation(options.data);
  if ((await findStatus(current.installation)) === undefined) throw notRunning(current.dataDirectory);
  await using guests = await openBenchGuests(current.dataDirectory);
  const progress = terminalProgress(process.stderr);
  const say = (text: string): void => {
    progress.end();
    process.stdout.write(`${text}\n\n`);
  };
  try {
    say(describeMachine());
    progress.working("launching a guest");
    const guest = await guests.launch({ ImageId: imageOf("tiny", "paravirtual"), InstanceType: "m1.small" });
    await guests.untilSsh(guest, "true");
    const rows: string[][] = [];
    progress.working("from the request to the prompt");
    rows.push(row("from the request to the prompt", await repeat(options.runs, () => requestToPrompt(guests.profile, guest)), ""));
    if (isBrowserThere) {
      progress.working("from the click to the prompt");
      rows.push(row("from the click to the prompt, in Chromium", await clickToPrompt(await makeSignInLink(current), guest, options.runs), "1500 ms"));
    } else progress.note("Debian's chromium is not installed: nobody clicks");
    progress.working("keys and their echo");
    const ssh = toShell(await guests.login(guest));
    const echoes = await compareEchoes(openServiceShell(guests.profile, guest), ssh, options.runs);
    rows.push(row("from a key to its echo, plain ssh", echoes.ssh, ""), row("from a key to its echo, through the service", echoes.service, "5 ms more"));
    say(table(["what", "times", "median", "slowest", "aim"], rows));
    progress.working(`${kept} terminals at once`);
    say(await holdMany(current, guests.profile, guest));
  } finally {
    progress.end();
  }
}

function row(what: string, values: readonly number[], aim: string): string[] {
  return [what, String(values.length), ms(median(values)), ms(Math.max(...values)), aim];
}

function ms(value: number): string {
  return `${value.toFixed(value < 100 ? 1 : 0)} ms`;
}

async function repeat(times: number, measure: () => Promise<number>): Promise<readonly number[]> {
  const values: number[] = [];
  for (let turn = 0; turn < times; turn++) values.push(await measure());
  return values;
}

async function requestToPrompt(profile: TerminalProfile, guest: string): Promise<number> {
  const begin = performance.now();
  const shell = openServiceShell(profile, guest);
  await shell.until(prompt);
  const taken = performance.now() - begin;
  shell.close();
  return taken;
}

/** In turns, so that both have the same of what else the machine does. */
async function compareEchoes(service: BenchShell, ssh: BenchShell, turns: number): Promise<{ readonly service: readonly number[]; readonly ssh: readonly number[] }> {
  await Promise.all([service.until(prompt), ssh.until(prompt)]);
  const taken = { service: [] as number[], ssh: [] as number[] };
  for (let turn = 0; turn < turns; turn++) {
    taken.service.push(...(await repeat(echoesPerTurn, () => echo(service))));
    taken.ssh.push(...(await repeat(echoesPerTurn, () => echo(ssh))));
  }
  for (const shell of [service, ssh]) shell.close();
  return taken;
}

/** A letter, which is taken back at once. */
async function echo(shell: BenchShell): Promise<number> {
  const begin = performance.now();
  shell.type("x");
  await shell.until("x");
  const taken = performance.now() - begin;
  shell.type("\u007F");
  await shell.until("\b");
  return taken;
}

/** What they take of memory while all are open and have answered, and how long a key takes in one of them. */
async function holdMany({ dataDirectory }: CurrentInstallation, profile: Profile, guest: string): Promise<string> {
  const users = await Promise.all(Array.from({ length: kept / perUser }, (_none, index) => federate(profile, `bench-${index}`)));
  const before = residentMib(dataDirectory);
  const shells: BenchShell[] = [];
  try {
    for (let opened = 0; opened < kept; opened += atOnce) {
      const fresh = Array.from({ length: atOnce }, (_none, index) => openServiceShell(users[(opened + index) % users.length] ?? profile, guest));
      shells.push(...fresh);
      await Promise.all(fresh.map((shell) => shell.until(prompt)));
    }
    for (const shell of shells) shell.type("echo open-$((6*7))\r");
    await Promise.all(shells.map((shell) => shell.until("open-42")));
    const [first] = shells;
    const echoes = first === undefined ? [] : await repeat(echoesPerTurn, () => echo(first));
    const after = residentMib(dataDirectory);
    const parts = (["control-plane", "agent"] as const).map((kind) => ({ kind, was: before[kind] ?? 0, is: after[kind] ?? 0 }));
    const extra = parts.reduce((total, { was, is }) => total + is - was, 0);
    const memory = parts.map(({ kind, was, is }) => `${kind} ${was.toFixed(0)} → ${is.toFixed(0)} MiB`).join(", ");
    return `${kept} terminals take ${extra.toFixed(0)} MiB more, aim 300 MiB: ${memory}. A key's echo in one of them: median ${ms(median(echoes))}, slowest ${ms(Math.max(...echoes))}.`;
  } finally {
    for (const shell of shells) shell.close();
  }
}

/** Somebody who may do what the profile's user may. */
async function federate(profile: Profile, Name: string): Promise<TerminalProfile> {
  const { url, region, accessKeyId, secretAccessKey } = profile;
  const sts = new STSClient({ endpoint: url, region, credentials: { accessKeyId, secretAccessKey } });
  const Policy = JSON.stringify({ Version: "2012-10-17", Statement: { Effect: "Allow", Action: "*", Resource: "*" } });
  const { Credentials: made } = await sts.send(new GetFederationTokenCommand({ Name, Policy }));
  sts.destroy();
  return { url, region, accessKeyId: made?.AccessKeyId ?? "", secretAccessKey: made?.SecretAccessKey ?? "", ...(made?.SessionToken === undefined ? {} : { sessionToken: made.SessionToken }) };
}
