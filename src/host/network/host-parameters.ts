/** Kernel parameters of the namespaces that route: a host's own, and those that it makes. A process sees those of the namespace that it runs in. */
import { writeFileSync } from "node:fs";

/**
 * Devices that appear later inherit the defaults. Reverse path filters are off: the rules on each tap are stricter. IPv6 is turned on for single devices or later;
 * what is said of all devices at once takes away the addresses that they have.
 */
export const routerParameters = {
  "ipv6/conf/default/disable_ipv6": 1,
  "ipv4/ip_forward": 1,
  "ipv4/conf/all/rp_filter": 0,
  "ipv4/conf/default/rp_filter": 0,
  "ipv4/conf/all/accept_redirects": 0,
  "ipv4/conf/default/accept_redirects": 0,
  "ipv4/conf/all/send_redirects": 0,
  "ipv4/conf/default/send_redirects": 0,
};

/** Announcing an address needs `arp_notify`; answering for guests at once needs `proxy_delay` 0; strictness is in the rules. */
export function setHostParameters(underlayDevice: string): void {
  const values = {
    ...routerParameters,
    [`ipv4/conf/${underlayDevice}/rp_filter`]: 0,
    [`ipv4/conf/${underlayDevice}/arp_notify`]: 1,
    [`ipv4/neigh/${underlayDevice}/proxy_delay`]: 0,
    [`ipv4/conf/${underlayDevice}/send_redirects`]: 0,
    "ipv6/conf/default/accept_dad": 0,
    "ipv6/conf/all/forwarding": 1,
    [`ipv6/conf/${underlayDevice}/proxy_ndp`]: 1,
    [`ipv6/conf/${underlayDevice}/ndisc_notify`]: 1,
    [`ipv6/neigh/${underlayDevice}/proxy_delay`]: 0,
  };
  for (const [name, value] of Object.entries(values)) writeFileSync(`/proc/sys/net/${name}`, String(value));
}
