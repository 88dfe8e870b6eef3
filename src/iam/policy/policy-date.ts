/** Times in policies: ISO 8601 in W3C's profile, or seconds since 1970. */

const isoDate = /^\d{4}(?:-\d\d(?:-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d))?)?)?$/;

/** Milliseconds since 1970, or undefined. */
export function parsePolicyDate(text: string): number | undefined {
  const isYear = /^\d{4}$/.test(text);
  if (!isYear && /^-?\d+(?:\.\d+)?$/.test(text)) return Number(text) * 1000;
  const time = isoDate.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(time) ? undefined : time;
}
