/**
 * A volume's limits in the words of QEMU's throttle groups, which are leaky buckets as EC2's are (facts §4.1): a bucket of `max × max-length`
 * requests or bytes drains at the base rate, and while it is not full a request goes through at up to `max` a second.
 *
 * The credits are kept exactly; where they are not a multiple of the burst, the burst is at most one `max-length`th higher than asked for.
 */
import type { RateLimit, VolumeLimits } from "../protocol/specification.ts";

/** What EC2 counts as one request of a solid-state volume. */
const solidStateIoBytes = 262_144;

export type ThrottleLimits = Readonly<Record<string, number>>;

/** Names every property that it may ever set: a group keeps what it is not told. */
export function toThrottleLimits({ iops, ioBytes = solidStateIoBytes, bytesPerSecond }: VolumeLimits): ThrottleLimits {
  return { ...toProperties("iops-total", iops), ...toProperties("bps-total", bytesPerSecond), "iops-size": iops === undefined ? 0 : ioBytes };
}

function toProperties(name: string, limit: RateLimit | undefined): ThrottleLimits {
  const base = limit === undefined ? 0 : Math.max(1, Math.round(limit.base));
  const { max, length } = toBurst(base, limit);
  return { [name]: base, [`${name}-max`]: max, [`${name}-max-length`]: length };
}

function toBurst(base: number, limit: RateLimit | undefined): { readonly max: number; readonly length: number } {
  if (limit?.burst === undefined || limit.credits === undefined || limit.burst <= base || limit.credits <= base) return { max: 0, length: 1 };
  const length = Math.max(1, Math.floor(limit.credits / limit.burst));
  return { max: Math.round(limit.credits / length), length };
}
