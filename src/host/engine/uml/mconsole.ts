/**
 * A client of User-mode Linux's management console: one datagram, one answer, over a Unix socket in the machine's run directory.
 *
 * Node has no Unix datagram sockets, and the usual client rewrites disk words (it turns the empty name of a backing file into the
 * current folder), so each command runs a few lines of Perl, which every Debian has. The answer goes to an abstract socket: asker and kernel must
 * be in one network namespace.
 */
import { execFile } from "node:child_process";
import { promisify } from "node:util";

const refusedStatus = 3;
const client = `
use strict; use Socket;
my ($path, $command) = @ARGV;
socket(my $socket, PF_UNIX, SOCK_DGRAM, 0) or die "socket: $!\\n";
bind($socket, pack_sockaddr_un("\\0hostelry-mconsole-$$")) or die "bind: $!\\n";
send($socket, pack("L3a512", 0xcafebabe, 2, length($command), $command), 0, pack_sockaddr_un($path)) or die "send: $!\\n";
while (defined(recv($socket, my $answer, 65536, 0))) {
  my ($error, $more, $length, $text) = unpack("L3a*", $answer);
  print(substr($text, 0, $length));
  exit($error ? ${refusedStatus} : 0) unless $more;
}
die "recv: $!\\n";
`;

/** A command failed: `refused` by the kernel, or it never got an answer. */
export class MconsoleError extends Error {
  override readonly name = "MconsoleError";
  readonly refused: boolean;
  constructor(message: string, refused: boolean, options: ErrorOptions) {
    super(message, options);
    this.refused = refused;
  }
}

/** Sends the command and returns the answer's text. */
export async function mconsole(socket: string, command: string, timeoutMs = 5_000): Promise<string> {
  if (command.length >= 512) throw new Error(`the command is too long for the management console: ${command}`);
  try {
    const { stdout } = await promisify(execFile)("/usr/bin/perl", ["-e", client, socket, command], { timeout: timeoutMs, env: {} });
    return stdout.trim();
  } catch (error) {
    const answer = typeof error === "object" && error !== null && "stdout" in error ? String(error.stdout).trim() : "";
    const refused = typeof error === "object" && error !== null && "code" in error && error.code === refusedStatus;
    throw new MconsoleError(`management console command ${command.split(" ")[0]}${answer === "" ? "" : `: ${answer}`}`, refused, { cause: error });
  }
}
