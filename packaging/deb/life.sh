# What scripts/deb-test.sh does in a root. The service manager does not run here: the program is started as
# the unit starts it, with its user, its capabilities, its directory.
set -eux
export DEBIAN_FRONTEND=noninteractive PATH=/usr/sbin:/usr/bin:/sbin:/bin

is() { [ "$1" = "$2" ] || { echo "got $1, want $2"; exit 1; }; }
mode() { stat -c '%U:%G %a' "$1"; }

serve() {
	command=$(sed -n 's/^ExecStart=//p' /lib/systemd/system/ironhook.service)
	: >/ready.log
	# shellcheck disable=SC2086 # the words of a command
	IRONHOOK_DATA=/var/lib/ironhook setpriv --reuid ironhook --regid ironhook --init-groups --no-new-privs \
		--inh-caps=-all,+net_bind_service,+net_raw --ambient-caps=-all,+net_bind_service,+net_raw --bounding-set=-all,+net_bind_service,+net_raw \
		$command >/ready.log 2>&1 &
	serving=$!
	tries=0
	until curl -fs http://127.0.0.1:6385/healthz >/dev/null; do
		kill -0 "$serving" && [ "$((tries += 1))" -lt 300 ] || { cat /ready.log; exit 1; }
		sleep 0.1
	done
}
stop() { kill -TERM "$serving" && wait "$serving"; }

dpkg --install /old.deb
is "$(mode /var/lib/ironhook)" 'ironhook:ironhook 700'
[ -f /usr/share/bash-completion/completions/ironhook ]
deb-systemd-helper --quiet was-enabled ironhook.service
echo '# an operator was here' >>/etc/ironhook/ironhook.toml
install -o ironhook -g ironhook -m 600 /first.db /var/lib/ironhook/ironhook.db

dpkg --install /new.deb
tail -n 1 /etc/ironhook/ironhook.toml | grep -q 'an operator was here'
serve
[ -f /var/lib/ironhook/ironhook.db.schema-1 ]
export IRONHOOK_DATA=/var/lib/ironhook
ironhook node list -f value -c UUID | grep -q . # those of the first release
ironhook node create --driver manual-management --name made-here
stop
serve # what was made is there after a restart
ironhook node show made-here -f value -c name
stop

dpkg --remove ironhook
[ ! -e /usr/bin/ironhook ]
[ -f /var/lib/ironhook/ironhook.db ] # what the operator has stays until purged
[ -f /etc/ironhook/ironhook.toml ]
dpkg --purge ironhook
for left in /var/lib/ironhook /etc/ironhook /usr/share/doc/ironhook /etc/systemd/system/multi-user.target.wants/ironhook.service; do
	[ ! -e "$left" ] && [ ! -L "$left" ] || { echo "purge leaves $left"; exit 1; }
done
! getent passwd ironhook
