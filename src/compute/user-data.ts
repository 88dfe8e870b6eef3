/** User data as RunInstances and ModifyInstanceAttribute take it: base64 of at most 16 KiB (facts §1.5). Never logged. */
import { invalidParameterValue, type ApiError } from "../base/api-error.ts";

export const maxUserDataBytes = 16 * 1024;

/** The raw bytes, or undefined when the request carries none; throws EC2's error for what is no base64 and for too much. */
export function parseUserData(encoded: string | undefined): Buffer | undefined {
  if (encoded === undefined || encoded === "") return undefined;
  // Clients wrap base64 in lines; measured before it is decoded, a huge text costs no memory of its own.
  if (encoded.length > maxUserDataBytes * 2) throw tooLarge();
  const dense = encoded.replace(/[\r\n\t ]/g, "");
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(dense) || dense.replace(/=+$/, "").length % 4 === 1) {
    throw invalidParameterValue("Invalid BASE64 encoding of user data.");
  }
  const bytes = Buffer.from(dense, "base64");
  if (bytes.length > maxUserDataBytes) throw tooLarge();
  return bytes.length === 0 ? undefined : bytes;
}

/** The same as base64 without line breaks, the form in which rows, hosts and DescribeInstanceAttribute carry it. */
export function requireUserData(encoded: string | undefined): string | undefined {
  return parseUserData(encoded)?.toString("base64");
}

function tooLarge(): ApiError {
  return invalidParameterValue(`User data is limited to ${maxUserDataBytes} bytes`);
}
