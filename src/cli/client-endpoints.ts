/**
 * An `endpoints.json` for clients that are built on botocore (the AWS command line, boto3) and too old to know AWS_ENDPOINT_URL:
 * through AWS_DATA_PATH it takes the place of their own, and every service in every region is this installation.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { regions } from "../base/regions.ts";

export function clientEndpointsDirectory(dataDirectory: string): string {
  return join(dataDirectory, "clients");
}

/** What clients on other machines need of files: the same for the address by which they reach it (`remote-door.ts`), and whom they are to believe. */
export function remoteClientsDirectory(dataDirectory: string): string {
  return join(clientEndpointsDirectory(dataDirectory), "remote");
}

export function remoteCertificateFile(dataDirectory: string): string {
  return join(remoteClientsDirectory(dataDirectory), "ca.pem");
}

export function writeClientEndpoints(directory: string, url: string): void {
  mkdirSync(directory, { recursive: true, mode: 0o755 });
  writeFileSync(join(directory, "endpoints.json"), `${JSON.stringify(clientEndpoints(new URL(url)), undefined, 2)}\n`, { mode: 0o644 });
}

const services = ["ec2", "sts", "ssm", "iam", "ebs", "ec2-instance-connect", "cloudtrail"];

export function clientEndpoints(url: URL): unknown {
  const endpoints = Object.fromEntries(regions.map(({ name }) => [name, {}]));
  return {
    version: 3,
    partitions: [
      {
        partition: "aws",
        partitionName: "AWS Standard",
        dnsSuffix: url.hostname,
        regionRegex: "^(us|eu|ap|sa|ca|me|af|il|mx)\\-\\w+\\-\\d+$",
        defaults: { hostname: url.host, protocols: [url.protocol.slice(0, -1)], signatureVersions: ["v4"] },
        regions: Object.fromEntries(regions.map(({ name }) => [name, { description: name }])),
        services: Object.fromEntries(services.map((name) => [name, { endpoints }])),
      },
    ],
  };
}
