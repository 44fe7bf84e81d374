#!/bin/sh
# List images of the stick for Raspberry Pi Imager (its custom repository), which has one list for all architectures:
#
#	scripts/usb-list.sh build/os_list.json VERSION IMAGE...
#
# Images are downloaded from $IRONHOOK_RELEASE_URL, by default from where they are. The name of one for 64-bit ARM ends with -arm64.img.
set -eu
list=$1 version=$2
shift 2
export TZ=UTC
date=$(date -d "@${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}" +%F)

entry() { # IMAGE
	case $1 in *-arm64.img) for=' for 64-bit ARM' machine='64-bit ARM machine with UEFI' ;; *) for='' machine='64-bit PC' ;; esac
	size=$(stat -c %s "$1") sum=$(sha256sum <"$1" | cut -d ' ' -f 1)
	cat <<-ENTRY
		{
		  "name": "Ironhook $version$for",
		  "description": "A stick that makes any $machine the boot server of its room",
		  "url": "${IRONHOOK_RELEASE_URL:-file://$(dirname "$1")}/$(basename "$1")",
		  "release_date": "$date",
		  "extract_size": $size,
		  "extract_sha256": "$sum",
		  "image_download_size": $size,
		  "image_download_sha256": "$sum",
		  "init_format": "none",
		  "devices": []
		}
	ENTRY
}

{
	printf '{"os_list": ['
	comma=
	for image; do
		printf '%s' "$comma"
		entry "$(realpath "$image")"
		comma=,
	done
	printf ']}\n'
} >"$list"
