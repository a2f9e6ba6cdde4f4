#!/usr/bin/env bash
# Installs the Debian packages whose programs tests and benchmarks run as they are: Prometheus with promtool,
# Alertmanager, MariaDB's server and client, and OpenSSL as a timestamp authority.
# Does nothing where they are there already, and says so where they cannot be installed: the tests that need
# them are skipped then. Nothing is started: tests start programs themselves and end them by their process.
set -euo pipefail
PATH=$PATH:/usr/sbin

declare -A package_of=(
  [prometheus]=prometheus
  [promtool]=prometheus
  [prometheus-alertmanager]=prometheus-alertmanager
  [mariadbd]=mariadb-server-core
  [mariadb-install-db]=mariadb-server-core
  [mariadb]=mariadb-client-core
  [openssl]=openssl
)

missing=()
for program in "${!package_of[@]}"; do
  command -v "$program" >/dev/null || missing+=("${package_of[$program]}")
done
if [ ${#missing[@]} -eq 0 ]; then
  exit 0
fi
mapfile -t packages < <(printf '%s\n' "${missing[@]}" | sort -u)

if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
  echo "Not installed, so their tests are skipped: ${packages[*]} (needs root and apt-get)." >&2
  exit 0
fi

# invoke-rc.d asks this script before it starts a service; 101 means no.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  printf '#!/bin/sh\nexit 101\n' >"$policy"
  chmod +x "$policy"
  trap 'rm -f "$policy"' EXIT
fi

export DEBIAN_FRONTEND=noninteractive
install_packages() { apt-get install -y -q --no-install-recommends "${packages[@]}" >/dev/null; }
if ! install_packages 2>/dev/null; then
  apt-get update -q >/dev/null && install_packages ||
    echo "Not installed, so their tests are skipped: ${packages[*]} (apt-get failed)." >&2
fi

# A package enables its service for the next start of the machine; nobody asked for that.
if command -v systemctl >/dev/null; then
  systemctl disable --quiet prometheus prometheus-alertmanager 2>/dev/null || true
fi
