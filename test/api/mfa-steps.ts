/** An MFA device as somebody has it in a pocket. */
import type { IAM } from "@aws-sdk/client-iam";
import { codeOf, stepAt } from "../../src/iam/totp.ts";

const stepMs = 30_000;

export interface PocketDevice {
  readonly serial: string;
  /** In base 32, as it was shown once. */
  readonly seed: string;
  /** What it shows at that time. */
  codeAt(atMs: number): string;
}

export async function makeDevice(iam: IAM, VirtualMFADeviceName: string): Promise<PocketDevice> {
  const { VirtualMFADevice: made } = await iam.createVirtualMFADevice({ VirtualMFADeviceName });
  const text = Buffer.from(made?.Base32StringSeed ?? []).toString();
  const seed = fromBase32(text);
  return { serial: made?.SerialNumber ?? "", seed: text, codeAt: (atMs) => codeOf(seed, stepAt(atMs)) };
}

/** A device that is the user's from now on. */
export async function giveDevice(iam: IAM, UserName: string, name: string, now = Date.now()): Promise<PocketDevice> {
  const device = await makeDevice(iam, name);
  await iam.enableMFADevice({ UserName, SerialNumber: device.serial, AuthenticationCode1: device.codeAt(now - stepMs), AuthenticationCode2: device.codeAt(now) });
  return device;
}

function fromBase32(text: string): Buffer {
  const bits = Array.from(text, (letter) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(letter).toString(2).padStart(5, "0")).join("");
  return Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)));
}
