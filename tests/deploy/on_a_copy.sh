# Runs the script on standard input as root on a copy of this machine, which is gone afterwards.
#
# To be called in namespaces of its own, with an empty folder as the argument: `unshare --net --mount
# --pid --fork --kill-child sh on_a_copy.sh FOLDER`. What is written lands in memory, laid over this
# machine's files. The bus and systemd-logind are started, since loginctl asks them.
set -eu
scratch=$1
root=$scratch/root

mount -t tmpfs tmpfs "$scratch"
mkdir "$scratch/written" "$scratch/work" "$root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$scratch/written,workdir=$scratch/work" "$root"
for folder in dev sys; do mount --rbind "/$folder" "$root/$folder"; done
mount -t proc proc "$root/proc"
mount -t tmpfs tmpfs "$root/run"
# logind takes a machine for one of systemd's if the last of these folders is there.
mkdir -p "$root/run/dbus" "$root/run/systemd/seats" "$root/run/systemd/users" \
  "$root/run/systemd/sessions" "$root/run/systemd/system"
chroot "$root" dbus-daemon --system --fork
chroot "$root" /lib/systemd/systemd-logind >/dev/null 2>&1 &
has_logind() {
  chroot "$root" dbus-send --system --print-reply --dest=org.freedesktop.DBus / \
    org.freedesktop.DBus.NameHasOwner string:org.freedesktop.login1 | grep -q true
}
tries=0
until has_logind; do
  tries=$((tries + 1))
  [ "$tries" -lt 100 ] || { echo "systemd-logind did not start" >&2; exit 1; }
  sleep 0.1
done
exec chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin sh -eu
