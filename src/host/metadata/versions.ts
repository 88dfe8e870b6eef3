/**
 * The versions of the metadata tree and when each category came (facts §8.1, §8.3). A dated tree shows only what existed then.
 * Paths are those of the tree; the longest entry that a path begins with counts, and `*` stands for any one part.
 */
export const versions: readonly string[] = [
  "1.0", "2007-01-19", "2007-03-01", "2007-08-29", "2007-10-10", "2007-12-15", "2008-02-01", "2008-09-01", "2009-04-04",
  "2011-01-01", "2011-05-01", "2012-01-12", "2014-02-25", "2014-11-05", "2015-10-20", "2016-04-19", "2016-06-30",
  "2016-09-02", "2018-03-28", "2018-08-17", "2018-09-24", "2019-10-01", "2020-10-27", "2021-01-03", "2021-03-23",
  "2021-07-15", "2022-09-24", "latest",
];

/** Everything else has been there since 1.0. */
const since: Readonly<Record<string, string>> = {
  "dynamic": "2009-04-04",
  "meta-data/block-device-mapping": "2007-12-15",
  "meta-data/events": "2018-08-17",
  "meta-data/iam": "2012-01-12",
  "meta-data/instance-action": "2008-09-01",
  "meta-data/instance-life-cycle": "2019-10-01",
  "meta-data/instance-type": "2007-08-29",
  "meta-data/ipv6": "2021-01-03",
  "meta-data/kernel-id": "2008-02-01",
  "meta-data/local-hostname": "2007-01-19",
  "meta-data/mac": "2011-01-01",
  "meta-data/managed-ssh-keys": "2019-10-01",
  "meta-data/network": "2011-01-01",
  "meta-data/network/interfaces/macs/*/vpc-ipv4-cidr-blocks": "2016-06-30",
  "meta-data/network/interfaces/macs/*/ipv6s": "2016-06-30",
  "meta-data/network/interfaces/macs/*/subnet-ipv6-cidr-blocks": "2016-06-30",
  "meta-data/network/interfaces/macs/*/vpc-ipv6-cidr-blocks": "2016-06-30",
  "meta-data/placement": "2008-02-01",
  "meta-data/placement/availability-zone-id": "2019-10-01",
  "meta-data/placement/group-name": "2020-08-24",
  "meta-data/placement/host-id": "2020-08-24",
  "meta-data/placement/partition-number": "2020-08-24",
  "meta-data/placement/region": "2020-08-24",
  "meta-data/public-hostname": "2007-01-19",
  "meta-data/public-ipv4": "2007-01-19",
  "meta-data/services": "2014-02-25",
  "meta-data/services/partition": "2015-10-20",
  "meta-data/system": "2022-09-24",
  "meta-data/tags": "2021-03-23",
};

const entries = Object.entries(since).map(([path, version]) => ({ parts: path.split("/"), version }));

/** Whether the version's tree has what is at this path. `1.0` sorts before and `latest` behind every date, as text too. */
export function existsIn(version: string, path: readonly string[]): boolean {
  const begun = entries.filter(({ parts }) => parts.length <= path.length && parts.every((part, at) => part === "*" || part === path[at]));
  return begun.every((entry) => entry.version <= version);
}
