# Runs one throwaway PostgreSQL for a test process, and outlives that process for as long as it takes to clean up.
#
# Standard input is a pipe whose other end only the test process holds, so it ends when that process does, in
# whatever way. Until then each line is a command, and each is answered by a line with its exit status.
#
# Arguments: the folder, which is removed in the end; the folder of PostgreSQL's programs; the server's settings.
set -u
folder=${1:?} programs=${2:?}
shift 2
server=

# Answering a test process that is gone must not end this before it has cleaned up.
trap '' PIPE HUP INT

# The server and its processes hold the other end of this pipe open, for as long as there is one of them.
mkfifo "$folder/alive"

stop() {
    if [ -n "$server" ]; then
        processes=$server
        if [ "$1" = KILL ]; then
            # While it stands still it starts no process that would be missed.
            kill -s STOP "$server"
            for stat in /proc/[0-9]*/stat; do
                if read -r process _ _ parent _ <"$stat" && [ "$parent" = "$server" ]; then
                    processes="$processes $process"
                fi
            done 2>/dev/null
        fi
        # shellcheck disable=SC2086 # several words are meant
        kill -s "$1" $processes 2>/dev/null
        wait "$server"
        # No other server may use the data before the last of them is gone, and those whose parent was killed are nobody's
        # to wait for.
        cat <&8 >/dev/null
        exec 8<&-
        server=
    fi
}

while read -r command argument; do
    case $command in
    init)
        "$programs/initdb" --pgdata="$folder/data" --username=postgres --auth=trust --encoding=UTF8 --locale=C \
            --no-sync </dev/null >>"$folder/log" 2>&1
        status=$?
        ;;
    follow)
        "$programs/pg_basebackup" --pgdata="$folder/data" --write-recovery-conf --checkpoint=fast --no-sync \
            --dbname="host=127.0.0.1 port=$argument user=postgres" </dev/null >>"$folder/log" 2>&1
        status=$?
        ;;
    save)
        rm -rf "$folder/saved" && cp -a "$folder/data" "$folder/saved"
        status=$?
        ;;
    restore)
        rm -rf "$folder/data" && cp -a "$folder/saved" "$folder/data"
        status=$?
        ;;
    start)
        stop INT
        "$programs/postgres" -D "$folder/data" -p "$argument" "$@" </dev/null >>"$folder/log" 2>&1 9>"$folder/alive" &
        server=$!
        exec 8<"$folder/alive"
        status=0
        ;;
    stop)
        stop "$argument"
        status=0
        ;;
    esac
    echo "$status"
done

stop INT
cd /
rm -rf "$folder"
