import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { silentLog } from "../base/log.ts";
import { withMetrics } from "./metrics.ts";
import type { StatusReport } from "./status-report.ts";

const report: StatusReport = {
  version: "1",
  url: "",
  images: [],
  regions: [
    {
      name: "us-east-1",
      zones: [
        {
          name: "us-east-1a",
          storageNodes: [{ id: "s", state: "up" }],
          hosts: [
            {
              id: "h1",
              state: "up",
              vcpus: { total: 8, reserved: 2 },
              memoryMib: { total: 1024, reserved: 512 },
              diskGib: { total: 100, reserved: 75 },
              accelerators: { total: 4, reserved: 1, models: [] },
              guests: [{ id: "i-1", state: "running", silent: true, instanceType: "t3.nano", virtualization: "emulated", credits: { balance: 1.5, launch: 2, surplus: 0, charged: 0 } }],
            },
          ],
        },
      ],
    },
  ],
};

test("Metrics are answered beside the API", async () => {
  const server = createServer(withMetrics((_request, response) => void response.writeHead(418).end(), async () => report, silentLog));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`; // a listening TCP server has one
  try {
    const text = await (await fetch(`${url}/metrics`)).text();
    expect(text).toContain('# TYPE hostelry_cpu_credit_balance gauge\nhostelry_cpu_credit_balance{region="us-east-1",zone="us-east-1a",host="h1",instance="i-1",type="t3.nano"} 3.5\n');
    expect(text).toContain('hostelry_instance_silent{region="us-east-1",zone="us-east-1a",host="h1",instance="i-1",type="t3.nano"} 1\n');
    expect(text).toContain('hostelry_host_memory_reserved_bytes{region="us-east-1",zone="us-east-1a",host="h1"} 536870912\n');
    expect(text).toContain('hostelry_host_disk_reserved_bytes{region="us-east-1",zone="us-east-1a",host="h1"} 80530636800\n');
    expect(text).toContain('hostelry_host_accelerators_reserved{region="us-east-1",zone="us-east-1a",host="h1"} 1\n');
    expect(text).toContain("hostelry_host_network_bits_per_second gauge\n# HELP"); // unknown: no sample
    expect([(await fetch(`${url}/metrics`, { method: "POST" })).status, (await fetch(url)).status]).toEqual([418, 418]);
  } finally {
    server.closeAllConnections();
    server.close();
  }
});
