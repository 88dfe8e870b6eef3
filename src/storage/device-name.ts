/** The names that volumes can be attached under, by the way the guest is virtualized (facts §4.3). */

const allowed = {
  hvm: /^(?:\/dev\/)?(?:sd[a-z]|sda[12]|xvd[a-z]|xvd[a-c][a-z]|xvdd[a-x])$/,
  paravirtual: /^(?:\/dev\/)?(?:sd[a-z](?:1[0-5]|[1-9])?|hd[a-z](?:1[0-5]|[1-9])?|xvd[a-z])$/,
} as const;

export function isDeviceName(name: string, virtualization: keyof typeof allowed): boolean {
  return allowed[virtualization].test(name);
}

/** The place in the guest that the name stands for: `/dev/sdf`, `sdf` and `/dev/xvdf` are one. */
export function devicePlace(name: string): string {
  return name.replace(/^\/dev\//, "").replace(/^[sh]d/, "xvd");
}
