# SPDX-License-Identifier: GPL-2.0
# bash completion for emdctl(8)

_emdctl_names() {
	emdctl list --names "$1" 2>/dev/null
}

_emdctl_devices() {
	local dev
	for dev in /sys/class/block/*; do
		[ -e "$dev" ] && printf '%s\n' "${dev##*/}"
	done
}

_emdctl() {
	local cur prev command='' word i
	local commands='list show status examine scan assemble stop create delete erase add
		remove fail replace rename scrub sync policy history save restore
		wait events version help'
	local options='--json --dry-run --yes --help'
	local operands=0

	COMPREPLY=()
	cur=${COMP_WORDS[COMP_CWORD]}
	prev=${COMP_WORDS[COMP_CWORD - 1]}

	for ((i = 1; i < COMP_CWORD; i++)); do
		word=${COMP_WORDS[i]}
		case $word in
		-*) ;;
		*)
			if [ -z "$command" ]; then
				command=$word
			else
				case ${COMP_WORDS[i - 1]} in
				--names | -n | --block-size | --serial | --format | --level | --name | \
					--strip | --size | --spans | --layout | --init | --timeout | --since | --for) ;;
				*) operands=$((operands + 1)) ;;
				esac
			fi
			;;
		esac
	done

	if [ -z "$command" ]; then
		mapfile -t COMPREPLY < <(compgen -W "$commands $options --version" -- "$cur")
		return
	fi

	case $prev in
	--names | -n) word='containers arrays disks all' ;;
	--block-size) word='512 4096' ;;
	--format) word='imsm ddf asr' ;;
	--level) word='concat raid0 raid1 raid1e raid4 raid5 raid6 raid10' ;;
	--layout)
		word='adjacent offset left-asymmetric left-symmetric right-asymmetric
			right-symmetric parity-first parity-last
			ddf-zero-restart ddf-n-restart ddf-n-continue left-asymmetric-6
			left-symmetric-6 right-asymmetric-6 right-symmetric-6 parity-first-6'
		;;
	--strip) word='4K 8K 16K 32K 64K 128K' ;;
	--init) word='resync none zero' ;;
	--for) word="all $(_emdctl_names arrays)" ;;
	--serial | --name | --size | --timeout | --since) return ;;
	*) word= ;;
	esac
	if [ -n "$word" ]; then
		mapfile -t COMPREPLY < <(compgen -W "$word" -- "$cur")
		return
	fi

	case $command in
	assemble | create | delete | erase | add | remove | fail | restore) options+=' --force' ;;
	esac
	case $command in
	list) options+=' --names' ;;
	status) options+=' --watch' ;;
	examine) options+=' --block-size --serial' ;;
	assemble) options+=' --all --degraded --read-only' ;;
	stop) options+=' --all' ;;
	create) options+=' --format --level --name --strip --size --layout --spans --init' ;;
	add) options+=' --for' ;;
	scrub) options+=' --repair' ;;
	wait) options+=' --timeout --since --progress' ;;
	events) options+=' --follow --since' ;;
	esac
	if [[ $cur == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$options" -- "$cur")
		return
	fi

	word=
	case $command:$operands in
	show:0) word=$(_emdctl_names all) ;;
	status:0 | stop:0) word="$(_emdctl_names arrays) $(_emdctl_names containers)" ;;
	delete:0 | fail:0 | replace:0 | rename:0 | scrub:0 | wait:0) word=$(_emdctl_names arrays) ;;
	assemble:0 | add:0 | remove:0 | history:0 | save:0) word=$(_emdctl_names containers) ;;
	fail:1 | remove:1 | replace:1 | replace:2) word=$(_emdctl_names disks) ;;
	create:0) word="$(_emdctl_names containers) $(_emdctl_devices)" ;;
	create:* | erase:0 | add:1) word=$(_emdctl_devices) ;;
	sync:0) word='pause resume cancel limit' ;;
	sync:1) word=$(_emdctl_names arrays) ;;
	policy:0) word=$(_emdctl_names arrays) ;;
	policy:*) word='zero_copy=on zero_copy=off sync_limit=' ;;
	wait:1) word='idle optimal degraded' ;;
	help:0) word=$commands ;;
	save:1 | restore:0) compopt -o default 2>/dev/null ;;
	restore:*) word=$(_emdctl_devices) ;;
	examine:*)
		word=$(_emdctl_devices)
		compopt -o default 2>/dev/null
		;;
	esac
	if [[ $cur == /* ]]; then
		compopt -o default 2>/dev/null
		return
	fi
	mapfile -t COMPREPLY < <(compgen -W "$word" -- "$cur")
}

complete -F _emdctl emdctl
