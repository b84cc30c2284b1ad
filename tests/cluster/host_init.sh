#!/bin/bash
# Process 1 of a host: `host_init.sh NAME ADDRESS FOLDER PATH`, in namespaces of its own. FOLDER
# holds the keys of all hosts and sshd_config; KEEP names, a line each, the folders that all hosts
# share as they would an NFS mount, although they lie in what each host has for itself.
set -eu
NAME=$1 ADDRESS=$2 FOLDER=$3 BIN=$4

# An empty folder in the place of $1. Of what it held only the kept folders show, reached through
# the working directory, which still is the old one (so paths must not be made canonical).
private() {
  cd "$1"
  mount -t tmpfs -o mode="$2" tmpfs "$1"
  while read -r kept; do
    case $kept in "$1"/*)
      mkdir -p "$kept"
      mount --no-canonicalize --rbind "./${kept#"$1"/}" "$kept" ;;
    esac
  done <<< "$KEEP"
  cd /
}

mount -t proc proc /proc
hostname "$NAME"
private /tmp 1777
private "$HOME" 700
private /run 755
private /dev/shm 1777
mkdir /run/sshd
printf '127.0.0.1 localhost\n%s %s\n' "$ADDRESS" "$NAME" > /run/hosts
mount --bind /run/hosts /etc/hosts
# A login shell builds its PATH anew; Ray's commands run in one that reads this.
echo "export PATH=$BIN:\$PATH" > "$HOME/.bashrc"
cp "$HOME/.bashrc" "$HOME/.bash_profile"

ip link set lo up
until ip -4 -brief address show dev eth0 2> /dev/null | grep -q "$ADDRESS"; do sleep 0.05; done
exec /usr/sbin/sshd -D -e -f "$FOLDER/sshd_config" -o "ListenAddress=$ADDRESS"
