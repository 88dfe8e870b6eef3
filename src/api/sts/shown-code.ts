/** The code of an MFA device that a request for temporary credentials may show. */
import { mfaFailed, throttled } from "../../base/api-error.ts";
import { findShownCode, listMfaDevices, type ShownCode } from "../../iam/mfa-device.ts";
import { personOf } from "../../iam/person.ts";
import type { Call } from "../action.ts";

interface CodeInput {
  readonly SerialNumber?: string | undefined;
  readonly TokenCode?: string | undefined;
}

/** Undefined when the request shows none. Fails for a device that is not the caller's own and for a wrong code; whoever guesses must wait longer and longer. */
export async function parseShownCode({ input, caller, tx, secretKey, attempts, now }: Call<CodeInput>): Promise<ShownCode | undefined> {
  const { SerialNumber: serial, TokenCode: code } = input;
  if (serial === undefined && code === undefined) return undefined;
  if (serial === undefined || code === undefined) throw mfaFailed(", must provide both MFA serial number and one time pass code.");
  const person = personOf(caller);
  const devices = person === undefined ? [] : (await listMfaDevices(tx, person)).filter((row) => row.serial === serial);
  if (devices.length === 0) throw mfaFailed(", unable to validate MFA code. Please verify your MFA serial number is valid and associated with this user.");
  const subjects = [`code of ${serial}`];
  if (attempts.begin(subjects, now) > 0) throw throttled();
  const shown = findShownCode(secretKey, devices, code, now);
  if (shown === undefined) throw mfaFailed(" with invalid MFA one time pass code.");
  attempts.forgive(subjects);
  return shown;
}
