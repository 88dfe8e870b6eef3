/**
 * Where records go: below one folder, in the places that CloudWatch Logs and S3 would have them.
 *
 *   cloud-watch-logs/REGION/ACCOUNT/GROUP/INTERFACE-all                        a log stream
 *   s3/BUCKET/PREFIX/AWSLogs/ACCOUNT/vpcflowlogs/REGION/YYYY/MM/DD/FILE.log    a file for each host and five minutes, its first line names the fields
 */
import { appendFile, mkdir, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { FlowLogSpecification } from "../../protocol/flow-log.ts";
import type { LogLines } from "./flow-book.ts";

const fileMs = 300_000;

export async function writeFlowLog(directory: string, hostId: string, { log, nic, lines, endMs }: LogLines): Promise<void> {
  if (lines.length === 0) return;
  const text = lines.map((line) => `${line}\n`).join("");
  const { destination, region, account, traffic } = log;
  if (destination.kind === "cloud-watch-logs") {
    return append(join(directory, "cloud-watch-logs", region, account, destination.group, `${nic.id}-${traffic.toLowerCase()}`), "", text);
  }
  return append(join(directory, "s3", destination.bucket, objectKey(log, destination.prefix, hostId, endMs)), `${log.fields.join(" ")}\n`, text);
}

function objectKey({ id, account, region }: FlowLogSpecification, prefix: string, hostId: string, endMs: number): string {
  const [date = "", time = ""] = new Date(Math.floor(endMs / fileMs) * fileMs).toISOString().split("T");
  const moment = `${date.replaceAll("-", "")}T${time.slice(0, 5).replace(":", "")}Z`;
  return `${prefix}AWSLogs/${account}/vpcflowlogs/${region}/${date.replaceAll("-", "/")}/${account}_vpcflowlogs_${region}_${id}_${moment}_${hostId}.log`;
}

async function append(path: string, header: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o755 });
  const isNew = header !== "" && (await stat(path).then(() => false, () => true));
  await appendFile(path, isNew ? header + text : text, { mode: 0o644 });
}
