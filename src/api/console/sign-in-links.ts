/** Links that sign somebody in once, within minutes: whoever may ask the installation's own socket for one is its owner. Kept in memory only. */
import type { Clock } from "../../base/clock.ts";
import type { Random } from "../../base/random.ts";

const linkMs = 5 * 60_000;

export interface SignInLinks {
  /** A token for the account's root. */
  make(account: string): string;
  /** The account that the token is for; it is good for once. */
  take(token: string): string | undefined;
}

export function openSignInLinks(clock: Clock, random: Random): SignInLinks {
  const links = new Map<string, { readonly account: string; readonly until: number }>();
  return {
    make(account) {
      for (const [token, { until }] of links) if (until <= clock.now()) links.delete(token);
      const token = Buffer.from(random.bytes(32)).toString("base64url");
      links.set(token, { account, until: clock.now() + linkMs });
      return token;
    },
    take(token) {
      const link = links.get(token);
      links.delete(token);
      return link !== undefined && link.until > clock.now() ? link.account : undefined;
    },
  };
}
