# What scripts/deb-test.sh does in a Debian that has started with systemd.
export DEBIAN_FRONTEND=noninteractive PATH=/usr/sbin:/usr/bin:/sbin:/bin

is() { [ "$1" = "$2" ] || { echo "got $1, want $2"; exit 1; }; }
not() { if "$@"; then echo "unexpected: $*"; exit 1; fi; }
mode() { stat -c '%U:%G %a' "$1"; }
property() { systemctl show --property "$1" --value ironhook.service; }
answers() {
	systemctl is-active --quiet ironhook.service # readiness is notified: it serves
	curl -fs --max-time 10 http://127.0.0.1:6385/healthz >/dev/null
}
trap 'code=$?; [ $code = 0 ] || journalctl --no-pager --unit ironhook.service | tail -n 40' EXIT

dpkg --install /old.deb
answers
is "$(property WatchdogUSec)" 1min
is "$(property User)" ironhook
is "$(mode /var/lib/ironhook)" 'ironhook:ironhook 700'
[ -f /usr/share/bash-completion/completions/ironhook ]
systemctl is-enabled --quiet ironhook.service
systemd-analyze verify --man=no ironhook.service # there is no man
[ -f /usr/share/man/man1/ironhook.1.gz ]
not journalctl --unit ironhook.service --grep 'does not offer' # the unit lets it have its own sandbox
systemd-analyze security --no-pager --threshold=20 ironhook.service >/exposure || { cat /exposure; exit 1; } # 2.0
grep 'Overall exposure' /exposure
is "$(cat /proc/sys/net/ipv4/neigh/default/gc_thresh3)" "$(sed -n 's/^net.ipv4.neigh.default.gc_thresh3 *= *//p' /usr/lib/sysctl.d/60-ironhook.conf)"

# An upgrade restarts what runs, and keeps what the operator wrote.
export IRONHOOK_DATA=/var/lib/ironhook
ironhook node create --driver manual-management --name made-by-the-older
echo '# an operator was here' >>/etc/ironhook/ironhook.toml
before=$(property MainPID)
dpkg --install /new.deb
[ "$(property MainPID)" != "$before" ]
answers
tail -n 1 /etc/ironhook/ironhook.toml | grep -q 'an operator was here'
ironhook node show made-by-the-older -f value -c name

# The database of the first release.
systemctl stop ironhook.service
rm -f /var/lib/ironhook/ironhook.db*
install -o ironhook -g ironhook -m 600 /first.db /var/lib/ironhook/ironhook.db
systemctl start ironhook.service
answers
[ -f /var/lib/ironhook/ironhook.db.schema-1 ]
ironhook node list -f value -c UUID | grep -q .
ironhook node create --driver manual-management --name made-here

# It is started again after a crash, with what it had.
before=$(property MainPID)
kill -9 "$before"
tries=0
until pid=$(property MainPID) && [ "$pid" != 0 ] && [ "$pid" != "$before" ] && answers; do
	[ "$((tries += 1))" -lt 300 ] || exit 1
	sleep 0.2
done
ironhook node show made-here -f value -c name

# What an administrator has disabled stays so; what was stopped is not started.
systemctl disable --now ironhook.service
dpkg --install /new.deb
not systemctl is-enabled --quiet ironhook.service
not systemctl is-active --quiet ironhook.service
systemctl enable --now ironhook.service
answers

dpkg --remove ironhook
not systemctl is-active --quiet ironhook.service
[ ! -e /usr/bin/ironhook ]
[ -f /var/lib/ironhook/ironhook.db ] # what the operator has stays until purged
[ -f /etc/ironhook/ironhook.toml ]
dpkg --purge ironhook
for left in /var/lib/ironhook /etc/ironhook /usr/share/doc/ironhook /etc/systemd/system/multi-user.target.wants/ironhook.service /etc/systemd/system/ironhook.service; do
	[ ! -e "$left" ] && [ ! -L "$left" ] || { echo "purge leaves $left"; exit 1; }
done
not getent passwd ironhook
not systemctl cat ironhook.service
