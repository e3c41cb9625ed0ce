# For scripts that run several parts, each of which ends with a line of counts; to be sourced in the repository.
passed=0 failed=0

# part NAME COMMAND…: shows its output, and adds the counts in its last line to ours.
part() {
    name=$1
    shift
    echo "== $name"
    log=$(mktemp)
    { "$@" 2>&1 || echo "$name: ended with $?"; } | tee "$log"
    line=$(grep -E '^[0-9]+ passed, [0-9]+ failed' "$log" | tail -n 1)
    [ -n "$line" ] || line='0 passed, 1 failed'
    passed=$((passed + ${line%% *}))
    rest=${line#*, }
    failed=$((failed + ${rest%% *}))
    # Whoever counts no failure and fails all the same has one.
    if [ "${rest%% *}" -eq 0 ] && grep -q "^$name: ended with " "$log"; then failed=$((failed + 1)); fi
    rm -f "$log"
}

# Their sum, and whether nothing has failed.
end_of_parts() {
    echo "$passed passed, $failed failed"
    [ "$failed" -eq 0 ]
}
