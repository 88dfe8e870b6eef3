/** Where compiled code is kept between runs: in the checkout, apart for each user. */
export const compileCacheDirectory = new URL(`../../.runtime/compile-cache-${process.getuid?.() ?? 0}`, import.meta.url).pathname;
