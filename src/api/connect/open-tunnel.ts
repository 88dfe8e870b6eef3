import { findTunnel, type Tunnel, type TunnelRequest } from "../../compute/connect/tunnel-request.ts";
import { ec2Arn, eraseTypes } from "../action.ts";

/** Whether a tunnel may be opened, and where it leads. No SDK has this action: it is asked for by a WebSocket's address (`tunnel-door.ts`). */
export const OpenTunnel = eraseTypes<TunnelRequest, Tunnel, Tunnel, unknown, Tunnel>("ec2-instance-connect", {
  name: "OpenTunnel",
  supported: "whole, with IPv4",
  readOnly: true,
  load: ({ input, caller, tx }) => findTunnel(tx, caller, input),
  authorize: ({ endpoint, address, port }, { input, caller }) => [
    {
      action: "ec2-instance-connect:OpenTunnel",
      resource: ec2Arn(caller, "instance-connect-endpoint", endpoint),
      conditions: {
        "ec2-instance-connect:remotePort": String(port),
        "ec2-instance-connect:privateIpAddress": address,
        "ec2-instance-connect:maxTunnelDuration": input.maxTunnelDuration,
      },
    },
  ],
  apply: (tunnel) => tunnel,
});
