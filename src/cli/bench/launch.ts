/**
 * `bench launch`: from the RunInstances call to a login over SSH, kind by kind, in the installation that runs. For `tiny` the login counts, for `debian-12` the end
 * of the user data. Guests are launched one after the other and terminated at once; nothing else should run meanwhile.
 */
import type { _InstanceType } from "@aws-sdk/client-ec2";
import { notRunning } from "../command-error.ts";
import { findStatus } from "../control-client.ts";
import { requireInstallation } from "../current-installation.ts";
import { terminalProgress } from "../terminal.ts";
import { imageOf, openBenchGuests, type BenchGuests } from "./guests.ts";
import { describeMachine, median, seconds, table } from "./report.ts";

interface Kind {
  readonly image: "tiny" | "debian-12";
  readonly virtualizationType: "hvm" | "paravirtual";
  readonly instanceType: _InstanceType;
  readonly until: "login" | "user data done";
}

const kinds: readonly Kind[] = [
  { image: "tiny", virtualizationType: "paravirtual", instanceType: "m1.small", until: "login" },
  { image: "tiny", virtualizationType: "hvm", instanceType: "t3.micro", until: "login" },
  { image: "debian-12", virtualizationType: "paravirtual", instanceType: "m1.small", until: "user data done" },
  { image: "debian-12", virtualizationType: "hvm", instanceType: "t3.micro", until: "user data done" },
];

const userData = Buffer.from("#!/bin/sh\ntouch /var/tmp/user-data-done\n").toString("base64");

export async function benchLaunch(options: { readonly data?: string; readonly runs: number }): Promise<void> {
  const { dataDirectory, installation } = requireInstallation(options.data);
  const status = await findStatus(installation);
  if (status === undefined) throw notRunning(dataDirectory);
  await using guests = await openBenchGuests(dataDirectory);
  const progress = terminalProgress(process.stderr);
  const rows: string[][] = [];
  try {
    for (const kind of kinds) {
      const there = status.images.some((image) => image.name.startsWith(`${kind.image}-${kind.virtualizationType}`) && image.state === "available");
      if (!there) {
        progress.note(`${kind.image} is not built: ./hostelry image build ${kind.image}`);
        continue;
      }
      const [calls, logins]: [number[], number[]] = [[], []];
      for (let turn = 1; turn <= options.runs; turn++) {
        progress.working(`${kind.image} ${kind.virtualizationType}: launch ${turn} of ${options.runs}`);
        const { callMs, readyMs } = await launchOnce(guests, kind);
        calls.push(callMs);
        logins.push(readyMs);
      }
      rows.push([kind.image, kind.virtualizationType, kind.until, String(options.runs), seconds(median(logins)), seconds(Math.max(...logins)), `${median(calls).toFixed(0)} ms`]);
    }
  } finally {
    progress.end();
  }
  process.stdout.write(`${describeMachine()}\n\n${table(["image", "virtualization", "until", "launches", "median", "slowest", "RunInstances"], rows)}\n`);
}

async function launchOnce(guests: BenchGuests, kind: Kind): Promise<{ callMs: number; readyMs: number }> {
  const begin = performance.now();
  const id = await guests.launch({
    ImageId: imageOf(kind.image, kind.virtualizationType),
    InstanceType: kind.instanceType,
    UserData: userData,
  });
  const callMs = performance.now() - begin;
  // One login that waits without starting anything: what looks again and again takes the guest's time.
  await guests.untilSsh(id, kind.until === "login" ? "true" : "exec 3<> <(:); until [ -e /var/tmp/user-data-done ]; do read -rt 0.1 -u 3; done");
  const readyMs = performance.now() - begin;
  await guests.terminate(id);
  return { callMs, readyMs };
}
