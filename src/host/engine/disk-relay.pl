# Starts the storage daemon of a guest's disks, and stands between the guest's kernel (User-mode Linux) or its QEMU and the server of each disk for what the two say about it:
#
#   kernel or QEMU ──slot-N──▶ this relay ──disk-N──▶ this guest's qemu-storage-daemon    vhost-user messages; data goes past the relay, through shared memory
#                              ▲        └──PATH──▶ a volume's own, on this machine
#                              slots.sock: `N BYTES [PATH]`, answered `ok BYTES`: from now on the disk in slot N has this size, 0 for none, `own` for what its
#                              server says, and is served at PATH; at first as the lines `N PATH` in the file slot-servers say, the others at disk-N
#
# A kernel takes devices at its start only, so every slot is a device from then on, of size 0 while it is empty; the daemon (7.2) never says that a size
# changed. So sizes are told from here, and the guest is told at once when one changes. QEMU, which plugs in and out, has a device for each slot with a disk.
#
# A server that ends is waited for, and the next one told what the kernel had said. What the dead one had begun and not answered the next one does again: it is noted
# in memory that is given from one to the other. The guest's own daemon is not waited for: this program ends with it, and it with this program, and the
# guest cannot go on then. Uses nothing but what Debian's smallest Perl has; passing on file descriptors needs system calls by number, which are those of x86-64.
use strict;
use warnings;
use POSIX ();
use Socket;

my ($directory, $count, $client) = @ARGV;
my $is_qemu = $client eq "qemu";
my %system_call = (sendmsg => 46, recvmsg => 47);
my %message = (
  (get_features => 1, set_vring_num => 8, set_vring_kick => 12, set_protocol_features => 16, set_request_channel => 21),
  (get_vring_base => 11, get_protocol_features => 15, get_config => 24, get_begun => 31, set_begun => 32),
);
# What a kernel says once for ever, what it wants an answer to in any case, and what it says of one queue, by its number.
my %lasting = map { $_ => 1 } 2, 3, 5, 8, 9, 10, 12, 13, 14, 16, 18, 21;
my %asking = map { $_ => 1 } 1, 11, 15, 17;
my %of_queue = map { $_ => 1 } 8, 9, 10, 12, 13, 14, 18;
my $config_changed = 2; # on the request channel
my ($version, $is_reply, $needs_reply) = (1, 4, 8);
# A feature of the protocol: the server notes what it has begun. 16 bytes before the first request's, and of each, the first says whether it has been begun.
my $notes_begun = 1 << 12;
my $note_bytes = 16;
my ($server_seconds, $away_seconds) = (2, 0.05);
my $no_signal = 0x4000;
my ($header_bytes, $config_bytes, $ancillary_bytes) = (12, 60, 128);
# What the daemon says of these is of no use: segments of no length (Linux then cuts requests at every page), one queue, and a layout that it does not know.
my $unwanted = 1 << 1 | 1 << 10 | 1 << 12;
# Of the protocol's features those that a client may use: answers on request, the request channel, the description of a disk. Noting what has begun is between relay and server.
my $offered = 1 << 3 | 1 << 5 | 1 << 9;
# A stopped queue is looked at so often until its last request is over; a size that QEMU's guest could not be told while it started is told again.
my ($stopping_seconds, $again_seconds) = (0.005, 1);

chdir $directory or die "$directory: $!";
my %watched; # by file number: [socket, what to do, slot]
my $watched_set = "";

my $daemon = start_daemon();
$SIG{CHLD} = sub { exit 1 };
$SIG{PIPE} = "IGNORE";
wait_for_daemon();
my @slots = map { { listener => listen_at("slot-$_"), path => "disk-$_" } } 0 .. $count - 1;
read_servers();
watch($_->{listener}, \&connect_slot, $_) for @slots;
watch(listen_at("slots.sock"), \&accept_order);
open(my $ready, ">", "disks-ready") or die "disks-ready: $!";
close $ready;
serve();

sub start_daemon {
  open(my $file, "<", "disk-words") or die "disk-words: $!";
  chomp(my @words = <$file>);
  unlink glob("disk-[0-9]*"), "disks-ready";
  my $pid = fork() // die "fork: $!";
  return $pid if $pid;
  exec("setpriv", "--pdeathsig", "KILL", "qemu-storage-daemon", @words) or die "qemu-storage-daemon: $!";
}

sub wait_for_daemon {
  my $last = $count - 1;
  until (-S "disk-$last") {
    exit 1 if waitpid($daemon, POSIX::WNOHANG());
    select(undef, undef, undef, 0.005);
  }
}

sub read_servers {
  open(my $file, "<", "slot-servers") or return;
  while (<$file>) {
    $slots[$1]{path} = $2 if /^(\d+) (.+)$/;
  }
}

sub serve {
  while (1) {
    my @away = grep { is_away($_) } @slots;
    select(undef, undef, undef, $away_seconds) if @away;
    reach($_) for @away;
    my @stopping = grep { defined $_->{stopping} } @slots;
    end_stop($_) for grep { !has_begun($_) } @stopping;
    my @untold = $is_qemu ? grep { is_untold($_) } @slots : ();
    my $found = select(my $readable = $watched_set, undef, undef, @away ? 0 : @stopping ? $stopping_seconds : @untold ? $again_seconds : undef);
    if (!$found) { tell_guest($_) for @untold }
    next if $found <= 0;
    for my $number (grep { vec($readable, $_, 1) } keys %watched) {
      my ($socket, $act, $slot) = @{ $watched{$number} // next };
      $act->($socket, $slot);
    }
  }
}

sub listen_at {
  my ($path) = @_;
  unlink $path;
  socket(my $listener, PF_UNIX, SOCK_STREAM, 0) or die "socket: $!";
  bind($listener, pack_sockaddr_un($path)) or die "$path: $!";
  listen($listener, 8) or die "$path: $!";
  return $listener;
}

sub watch {
  my ($socket, $act, $slot) = @_;
  $watched{ fileno $socket } = [$socket, $act, $slot];
  vec($watched_set, fileno $socket, 1) = 1;
}

sub leave {
  my ($socket) = @_;
  delete $watched{ fileno $socket };
  vec($watched_set, fileno $socket, 1) = 0;
}

sub let_go {
  my ($socket) = @_;
  leave($socket);
  close $socket;
}

sub accept_order {
  my ($listener) = @_;
  accept(my $client, $listener) or return;
  watch($client, \&obey);
}

sub obey {
  my ($client) = @_;
  return let_go($client) unless sysread($client, my $text, 512);
  my ($number, $size, $path) = $text =~ /^(\d+) (\d+|own)(?: (.+))?\n$/ or return let_go($client);
  my $slot = $slots[$number] // return let_go($client);
  serve_at($slot, $path) or return let_go($client) if defined $path;
  $slot->{sectors} = $size eq "own" ? $slot->{own} // return let_go($client) : $size / 512;
  tell_guest($slot);
  syswrite($client, "ok " . 512 * $slot->{sectors} . "\n");
}

# False when the server up to now is there and still has something to do: two must not answer the same request.
sub serve_at {
  my ($slot, $path) = @_;
  return 1 if $path eq $slot->{path};
  return 0 if has_begun($slot);
  lose_server($slot);
  $slot->{path} = $path;
  delete $slot->{own};
  return reach($slot) if defined $slot->{kernel};
  my $server = open_server($slot) // return 0;
  close $server;
  return 1;
}

# A kernel has started. The size is the server's own word until another one was ordered.
sub connect_slot {
  my ($listener, $slot) = @_;
  accept(my $kernel, $listener) or return;
  disconnect($slot);
  $slot->{kernel} = $kernel;
  reach($slot);
}

sub is_away { defined $_[0]{kernel} && !defined $_[0]{server} }

# Connects to the server, if it is there, and tells it what the kernel has said so far. Only then the kernel is listened to again.
sub reach {
  my ($slot) = @_;
  my $server = open_server($slot) // return 0;
  for my $said (@{ $slot->{said} }) {
    return 0 if $said->{request} == $message{set_vring_kick} && !share_notes($slot, $server);
    say_to($server, $said);
  }
  say_to($server, $slot->{asked}) if defined $slot->{asked};
  $slot->{server} = $server;
  watch($server, \&hear_server, $slot);
  watch($slot->{kernel}, \&hear_kernel, $slot);
  return 1;
}

# A connection to the server, which has described its disk; nothing when it is not there, or says nothing.
sub open_server {
  my ($slot) = @_;
  socket(my $server, PF_UNIX, SOCK_STREAM, 0) or die "socket: $!";
  setsockopt($server, SOL_SOCKET, $_, pack("q2", $server_seconds, 0)) for SO_RCVTIMEO, SO_SNDTIMEO;
  connect($server, pack_sockaddr_un($slot->{path})) or return;
  pass_on($server, { request => $message{get_config}, flags => $version, payload => pack("L3", 0, $config_bytes, 0) . "\0" x $config_bytes });
  my $answer = receive($server) // return;
  $slot->{config} = substr($answer->{payload}, 12);
  $slot->{own} = unpack("Q", $slot->{config});
  $slot->{sectors} //= $slot->{own};
  return $server;
}

# It may come back; until then the kernel waits.
sub lose_server {
  my ($slot) = @_;
  let_go(delete $slot->{server}) if defined $slot->{server};
  leave($slot->{kernel}) if defined $slot->{kernel};
}

# Its kernel has ended.
sub disconnect {
  my ($slot) = @_;
  lose_server($slot);
  close delete $slot->{kernel} if defined $slot->{kernel};
  POSIX::close($_) for map { @{ $_->{files} } } @{ $slot->{said} // [] }, $slot->{begun} // ();
  $slot->{said} = [];
  delete @$slot{qw(asked begun request_channel seen stopping)};
}

sub hear_kernel {
  my ($socket, $slot) = @_;
  my $said = receive($socket) // return disconnect($slot);
  return describe($slot, $said) if $said->{request} == $message{get_config};
  $said->{payload} = pack("Q", unpack("Q", $said->{payload}) | $notes_begun) if $said->{request} == $message{set_protocol_features};
  $slot->{asked} = $said if $asking{ $said->{request} } || $said->{flags} & $needs_reply;
  return pass_on($slot->{server}, $said) unless $lasting{ $said->{request} };
  keep($slot, $said);
  return lose_server($slot) if $said->{request} == $message{set_vring_kick} && !share_notes($slot, $slot->{server});
  say_to($slot->{server}, $said);
}

# In place of what it has said of the same before.
sub keep {
  my ($slot, $said) = @_;
  my $of = join(" ", $said->{request}, $of_queue{ $said->{request} } ? unpack("L", $said->{payload}) & 0xff : ());
  my ($before) = grep { $_->{of} eq $of } @{ $slot->{said} };
  POSIX::close($_) for @{ $before->{files} // [] };
  $slot->{said} = [(grep { $_->{of} ne $of } @{ $slot->{said} }), { %$said, of => $of, flags => $said->{flags} & ~$needs_reply }];
  $slot->{request_channel} = $said->{files}[0] if $said->{request} == $message{set_request_channel};
}

# The first server makes the memory for what it has begun, and again one for a queue that has another length now. False when it does not.
sub share_notes {
  my ($slot, $server) = @_;
  my ($number) = grep { $_->{request} == $message{set_vring_num} } @{ $slot->{said} };
  my $length = (unpack("L2", $number->{payload}))[1];
  POSIX::close($_) for map { @{ $_->{files} } } defined $slot->{begun} && $slot->{begun}{length} != $length ? delete $slot->{begun} : ();
  $slot->{begun} //= make_notes($length, $server) // return 0;
  say_to($server, { %{ $slot->{begun} }, request => $message{set_begun} });
  return 1;
}

sub make_notes {
  my ($length, $server) = @_;
  pass_on($server, { request => $message{get_begun}, flags => $version, payload => pack("Q2 S2 x4", 0, 0, 1, $length) });
  my $answer = receive($server) // return;
  return @{ $answer->{files} } ? { %$answer, flags => $version, length => $length } : undef;
}

sub has_begun {
  my ($slot) = @_;
  my $begun = $slot->{begun} // return 0;
  my ($bytes, $start) = unpack("Q2", $begun->{payload});
  POSIX::lseek($begun->{files}[0], $start, POSIX::SEEK_SET()) // die "lseek: $!";
  POSIX::read($begun->{files}[0], my $notes, $bytes) // die "read: $!";
  return scalar grep { vec($notes, $_ * $note_bytes, 8) } 1 .. $bytes / $note_bytes - 1;
}

sub hear_server {
  my ($socket, $slot) = @_;
  my $said = receive($socket) // return lose_server($slot);
  delete $slot->{asked};
  $said->{payload} = pack("Q", unpack("Q", $said->{payload}) & ~$unwanted) if $said->{request} == $message{get_features};
  $said->{payload} = pack("Q", unpack("Q", $said->{payload}) & $offered) if $said->{request} == $message{get_protocol_features};
  return $slot->{stopping} = $said if $said->{request} == $message{get_vring_base};
  pass_on($slot->{kernel}, $said);
}

# QEMU stops a queue when its guest starts anew or lets go of the disk, and believes then that nothing of the guest's memory is written to any more; the daemon (7.2) says so
# while requests are still under way. A server that comes later is told nothing of the queue until QEMU starts it again.
sub end_stop {
  my ($slot) = @_;
  my @of_queue = grep { $of_queue{ $_->{request} } } @{ $slot->{said} };
  $slot->{said} = [grep { !$of_queue{ $_->{request} } } @{ $slot->{said} }];
  POSIX::close($_) for map { @{ $_->{files} } } @of_queue;
  pass_on($slot->{kernel}, delete $slot->{stopping});
}

# The driver asks for a size by itself for exactly its eight bytes.
sub describe {
  my ($slot, $question) = @_;
  my ($offset, $length) = unpack("L2", $question->{payload});
  my $sectors = next_size($slot);
  substr($slot->{config}, 0, 8) = pack("Q", $sectors);
  my $payload = pack("L3", $offset, $length, 0) . substr($slot->{config} . "\0" x $length, $offset, $length);
  pass_on($slot->{kernel}, { request => $message{get_config}, flags => $version | $is_reply, payload => $payload });
  return unless $offset == 0 && ($is_qemu || $length == 8);
  $slot->{seen} = $sectors;
  tell_guest($slot);
}

# Linux tells its programs of a disk that changes, but not of one that comes from or goes to no size at all. So these go by way of one sector.
sub next_size {
  my ($slot) = @_;
  my ($seen, $wanted) = @$slot{qw(seen sectors)};
  return $wanted if $is_qemu || !defined $seen || $seen == $wanted || $seen == 1;
  return $seen == 0 || $wanted == 0 ? 1 : $wanted;
}

sub is_untold {
  my ($slot) = @_;
  return defined $slot->{request_channel} && defined $slot->{seen} && $slot->{seen} != $slot->{sectors};
}

sub tell_guest {
  my ($slot) = @_;
  return unless is_untold($slot);
  POSIX::write($slot->{request_channel}, pack("L3", $config_changed, $version, 0), $header_bytes);
}

# A whole message with the files that came with it; nothing at the end of the connection.
sub receive {
  my ($socket) = @_;
  my ($header, $ancillary) = ("\0" x $header_bytes, "\0" x $ancillary_bytes);
  my $place = pack("P Q", $header, $header_bytes);
  my $frame = frame($place, $ancillary);
  my $got = syscall($system_call{recvmsg}, fileno $socket, $frame, 0);
  return if $got <= 0;
  die "half a message" if $got != $header_bytes;
  my ($request, $flags, $length) = unpack("L3", $header);
  my $payload = "";
  while (length $payload < $length) {
    sysread($socket, $payload, $length - length $payload, length $payload) or return;
  }
  my ($ancillary_used) = unpack("x40 Q", $frame);
  my @files = $ancillary_used < 16 ? () : unpack("x16 l" . (unpack("Q", $ancillary) - 16) / 4, $ancillary);
  return { request => $request, flags => $flags, payload => $payload, files => \@files };
}

# Sends the message and closes its files here.
sub pass_on {
  my ($socket, $said) = @_;
  say_to($socket, $said);
  POSIX::close($_) for @{ $said->{files} // [] };
}

sub say_to {
  my ($socket, $said) = @_;
  my $bytes = pack("L3", @$said{qw(request flags)}, length $said->{payload}) . $said->{payload};
  my @files = @{ $said->{files} // [] };
  my $ancillary = @files ? pack("Q l2 l*", 16 + 4 * @files, SOL_SOCKET, SCM_RIGHTS, @files) : "";
  $ancillary .= "\0" x (-length($ancillary) % 8);
  my $place = pack("P Q", $bytes, length $bytes);
  my $frame = frame($place, $ancillary);
  syscall($system_call{sendmsg}, fileno $socket, $frame, $no_signal);
}

# The system's `struct msghdr`; it points into the strings given, which the caller keeps.
sub frame {
  return pack("Q L x4 P Q P Q l x4", 0, 0, $_[0], 1, $_[1], length $_[1], 0);
}
