# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_socialsched_global_optspecs
    string join \n database-url= expect-instance= c/config= insecure-config C/company= o/output= json tz= color= q/quiet v/verbose log-format= y/yes no-input n/dry-run timeout= h/help V/version
end

function __fish_socialsched_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_socialsched_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_socialsched_using_subcommand
    set -l cmd (__fish_socialsched_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c socialsched -n "__fish_socialsched_needs_command" -l database-url -d 'Database: sqlite:///path/to/file, mysql://… or postgres://user@host/name' -r
complete -c socialsched -n "__fish_socialsched_needs_command" -l expect-instance -d 'Refuse any database but the one with this id' -r
complete -c socialsched -n "__fish_socialsched_needs_command" -s c -l config -d 'Configuration file instead of the user\'s and the system\'s' -r -F
complete -c socialsched -n "__fish_socialsched_needs_command" -s C -l company -d 'Company whose accounts, clients and posts the command works on' -r
complete -c socialsched -n "__fish_socialsched_needs_command" -s o -l output -d 'Output format [default: table on a terminal, else tsv]' -r -f -a "table\t''
tsv\t''
json\t''
jsonl\t''
csv\t''
id\t''"
complete -c socialsched -n "__fish_socialsched_needs_command" -l tz -d 'Time zone in which civil times are read and shown [default: UTC]' -r
complete -c socialsched -n "__fish_socialsched_needs_command" -l color -d 'When to use colour [default: auto]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c socialsched -n "__fish_socialsched_needs_command" -l log-format -d 'Log format on standard error [default: text on a terminal, else json]' -r -f -a "text\t''
json\t''"
complete -c socialsched -n "__fish_socialsched_needs_command" -l timeout -d 'How long to wait for the database [default: 10s]' -r
complete -c socialsched -n "__fish_socialsched_needs_command" -l insecure-config -d 'Accept files with secrets that others can read'
complete -c socialsched -n "__fish_socialsched_needs_command" -l json -d 'Same as -o json'
complete -c socialsched -n "__fish_socialsched_needs_command" -s q -l quiet -d 'Print less'
complete -c socialsched -n "__fish_socialsched_needs_command" -s v -l verbose -d 'Print more; twice for everything'
complete -c socialsched -n "__fish_socialsched_needs_command" -s y -l yes -d 'Answer every confirmation with yes'
complete -c socialsched -n "__fish_socialsched_needs_command" -l no-input -d 'Never ask; fail where an answer is needed'
complete -c socialsched -n "__fish_socialsched_needs_command" -s n -l dry-run -d 'Check and show what would happen, change nothing'
complete -c socialsched -n "__fish_socialsched_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c socialsched -n "__fish_socialsched_needs_command" -s V -l version -d 'Print version'
complete -c socialsched -n "__fish_socialsched_needs_command" -f -a "schedule" -d 'Schedule a post'
complete -c socialsched -n "__fish_socialsched_needs_command" -f -a "list" -d 'List posts'
complete -c socialsched -n "__fish_socialsched_needs_command" -f -a "show" -d 'Show a post with every attempt'
complete -c socialsched -n "__fish_socialsched_needs_command" -f -a "cancel" -d 'Cancel pending posts'
complete -c socialsched -n "__fish_socialsched_needs_command" -f -a "reschedule" -d 'Move a pending post to another time'
complete -c socialsched -n "__fish_socialsched_needs_command" -f -a "retry" -d 'Try failed posts again, now'
complete -c socialsched -n "__fish_socialsched_needs_command" -f -a "accounts" -d 'List, add, change, pause, resume and remove social accounts'
complete -c socialsched -n "__fish_socialsched_needs_command" -f -a "clients" -d 'List, add and remove the agency\'s clients'
complete -c socialsched -n "__fish_socialsched_needs_command" -f -a "queue-status" -d 'Show the state of the queue'
complete -c socialsched -n "__fish_socialsched_needs_command" -f -a "recover" -d 'Recover after crashes, and settle unknown outcomes'
complete -c socialsched -n "__fish_socialsched_needs_command" -f -a "run-worker" -d 'Publish due posts'
complete -c socialsched -n "__fish_socialsched_needs_command" -f -a "migrate" -d 'Create or update the database schema'
complete -c socialsched -n "__fish_socialsched_needs_command" -f -a "sandbox" -d 'Run a local stand-in for the platforms\' publishing APIs'
complete -c socialsched -n "__fish_socialsched_needs_command" -f -a "demo" -d 'Show the program at work: publish posts to all three platforms'
complete -c socialsched -n "__fish_socialsched_needs_command" -f -a "simulate" -d 'Kill workers at random, and compare every post with what is live'
complete -c socialsched -n "__fish_socialsched_needs_command" -f -a "completions" -d 'Print the completion script of a shell'
complete -c socialsched -n "__fish_socialsched_needs_command" -f -a "man" -d 'Write the manual pages'
complete -c socialsched -n "__fish_socialsched_needs_command" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c socialsched -n "__fish_socialsched_using_subcommand schedule" -l account -d 'Account to publish to: its name, id, or the beginning of its id' -r
complete -c socialsched -n "__fish_socialsched_using_subcommand schedule" -l platform -d 'Platform; must be that of the account' -r -f -a "facebook\t''
instagram\t''
linkedin\t''"
complete -c socialsched -n "__fish_socialsched_using_subcommand schedule" -l type -d 'Kind of post [default: post]' -r -f -a "post\t''
reel\t''
story\t''
video\t''
carousel\t''"
complete -c socialsched -n "__fish_socialsched_using_subcommand schedule" -l caption -d 'Text of the post' -r
complete -c socialsched -n "__fish_socialsched_using_subcommand schedule" -l caption-file -d 'File with the text of the post; - is standard input' -r -F
complete -c socialsched -n "__fish_socialsched_using_subcommand schedule" -l image -d 'Image URL; repeat for more, the order is kept' -r
complete -c socialsched -n "__fish_socialsched_using_subcommand schedule" -l video -d 'Video URL' -r
complete -c socialsched -n "__fish_socialsched_using_subcommand schedule" -l media -d 'Image or video URL; its extension says which' -r
complete -c socialsched -n "__fish_socialsched_using_subcommand schedule" -l alt -d 'Text for people who cannot see the image; repeat, in the images\' order' -r
complete -c socialsched -n "__fish_socialsched_using_subcommand schedule" -l link -d 'Link to preview' -r
complete -c socialsched -n "__fish_socialsched_using_subcommand schedule" -l first-comment -d 'Comment to add below the post once it is live' -r
complete -c socialsched -n "__fish_socialsched_using_subcommand schedule" -l at -d 'When to publish: "2025-03-10 14:00", "tomorrow 9am", "+2h", RFC 3339' -r
complete -c socialsched -n "__fish_socialsched_using_subcommand schedule" -l dst -d 'How to read a time that the clocks show twice or skip' -r -f -a "reject\t''
earlier\t''
later\t''"
complete -c socialsched -n "__fish_socialsched_using_subcommand schedule" -l client -d 'Client that the post is for' -r
complete -c socialsched -n "__fish_socialsched_using_subcommand schedule" -l key -d 'Idempotency key: repeating the command with it stores the post only once' -r
complete -c socialsched -n "__fish_socialsched_using_subcommand schedule" -l probe -d 'Check the media URLs now' -r -f -a "off\t''"
complete -c socialsched -n "__fish_socialsched_using_subcommand schedule" -l body -d 'The old scheduler\'s JSON request; - is standard input' -r -F
complete -c socialsched -n "__fish_socialsched_using_subcommand schedule" -l database-url -d 'Database: sqlite:///path/to/file, mysql://… or postgres://user@host/name' -r
complete -c socialsched -n "__fish_socialsched_using_subcommand schedule" -l expect-instance -d 'Refuse any database but the one with this id' -r
complete -c socialsched -n "__fish_socialsched_using_subcommand schedule" -s c -l config -d 'Configuration file instead of the user\'s and the system\'s' -r -F
complete -c socialsched -n "__fish_socialsched_using_subcommand schedule" -s C -l company -d 'Company whose accounts, clients and posts the command works on' -r
complete -c socialsched -n "__fish_socialsched_using_subcommand schedule" -s o -l output -d 'Output format [default: table on a terminal, else tsv]' -r -f -a "table\t''
tsv\t''
json\t''
jsonl\t''
csv\t''
id\t''"
complete -c socialsched -n "__fish_socialsched_using_subcommand schedule" -l tz -d 'Time zone in which civil times are read and shown [default: UTC]' -r
complete -c socialsched -n "__fish_socialsched_using_subcommand schedule" -l color -d 'When to use colour [default: auto]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c socialsched -n "__fish_socialsched_using_subcommand schedule" -l log-format -d 'Log format on standard error [default: text on a terminal, else json]' -r -f -a "text\t''
json\t''"
complete -c socialsched -n "__fish_socialsched_using_subcommand schedule" -l timeout -d 'How long to wait for the database [default: 10s]' -r
complete -c socialsched -n "__fish_socialsched_using_subcommand schedule" -l now -d 'Publish as soon as a worker claims it'
complete -c socialsched -n "__fish_socialsched_using_subcommand schedule" -l allow-duplicate -d 'Accept a post with the same content as another within 24 hours'
complete -c socialsched -n "__fish_socialsched_using_subcommand schedule" -l insecure-config -d 'Accept files with secrets that others can read'
complete -c socialsched -n "__fish_socialsched_using_subcommand schedule" -l json -d 'Same as -o json'
complete -c socialsched -n "__fish_socialsched_using_subcommand schedule" -s q -l quiet -d 'Print less'
complete -c socialsched -n "__fish_socialsched_using_subcommand schedule" -s v -l verbose -d 'Print more; twice for everything'
complete -c socialsched -n "__fish_socialsched_using_subcommand schedule" -s y -l yes -d 'Answer every confirmation with yes'
complete -c socialsched -n "__fish_socialsched_using_subcommand schedule" -l no-input -d 'Never ask; fail where an answer is needed'
complete -c socialsched -n "__fish_socialsched_using_subcommand schedule" -s n -l dry-run -d 'Check and show what would happen, change nothing'
complete -c socialsched -n "__fish_socialsched_using_subcommand schedule" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c socialsched -n "__fish_socialsched_using_subcommand list" -l status -d 'Only posts with this status; repeat for more' -r -f -a "pending\t''
processing\t''
published\t''
failed\t''
cancelled\t''
unknown\t''
missed\t''
due\t''
stuck\t''"
complete -c socialsched -n "__fish_socialsched_using_subcommand list" -l platform -d 'Only posts of this platform' -r -f -a "facebook\t''
instagram\t''
linkedin\t''"
complete -c socialsched -n "__fish_socialsched_using_subcommand list" -l account -d 'Only posts of this account: its name, id, or the beginning of its id' -r
complete -c socialsched -n "__fish_socialsched_using_subcommand list" -l client -d 'Only posts for this client' -r
complete -c socialsched -n "__fish_socialsched_using_subcommand list" -l since -d 'Only posts due at or after this time' -r
complete -c socialsched -n "__fish_socialsched_using_subcommand list" -l until -d 'Only posts due before this time' -r
complete -c socialsched -n "__fish_socialsched_using_subcommand list" -l sort -d 'Order: by due time, the latest first with -run-at, or by creation' -r -f -a "run-at\t''
-run-at\t''
created\t''"
complete -c socialsched -n "__fish_socialsched_using_subcommand list" -l limit -d 'Maximum number of posts to show' -r
complete -c socialsched -n "__fish_socialsched_using_subcommand list" -l after -d 'Continue after this cursor (meta.next of the previous page)' -r
complete -c socialsched -n "__fish_socialsched_using_subcommand list" -l database-url -d 'Database: sqlite:///path/to/file, mysql://… or postgres://user@host/name' -r
complete -c socialsched -n "__fish_socialsched_using_subcommand list" -l expect-instance -d 'Refuse any database but the one with this id' -r
complete -c socialsched -n "__fish_socialsched_using_subcommand list" -s c -l config -d 'Configuration file instead of the user\'s and the system\'s' -r -F
complete -c socialsched -n "__fish_socialsched_using_subcommand list" -s C -l company -d 'Company whose accounts, clients and posts the command works on' -r
complete -c socialsched -n "__fish_socialsched_using_subcommand list" -s o -l output -d 'Output format [default: table on a terminal, else tsv]' -r -f -a "table\t''
tsv\t''
json\t''
jsonl\t''
csv\t''
id\t''"
complete -c socialsched -n "__fish_socialsched_using_subcommand list" -l tz -d 'Time zone in which civil times are read and shown [default: UTC]' -r
complete -c socialsched -n "__fish_socialsched_using_subcommand list" -l color -d 'When to use colour [default: auto]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c socialsched -n "__fish_socialsched_using_subcommand list" -l log-format -d 'Log format on standard error [default: text on a terminal, else json]' -r -f -a "text\t''
json\t''"
complete -c socialsched -n "__fish_socialsched_using_subcommand list" -l timeout -d 'How long to wait for the database [default: 10s]' -r
complete -c socialsched -n "__fish_socialsched_using_subcommand list" -l all -d 'All posts, without a limit'
complete -c socialsched -n "__fish_socialsched_using_subcommand list" -l insecure-config -d 'Accept files with secrets that others can read'
complete -c socialsched -n "__fish_socialsched_using_subcommand list" -l json -d 'Same as -o json'
complete -c socialsched -n "__fish_socialsched_using_subcommand list" -s q -l quiet -d 'Print less'
complete -c socialsched -n "__fish_socialsched_using_subcommand list" -s v -l verbose -d 'Print more; twice for everything'
complete -c socialsched -n "__fish_socialsched_using_subcommand list" -s y -l yes -d 'Answer every confirmation with yes'
complete -c socialsched -n "__fish_socialsched_using_subcommand list" -l no-input -d 'Never ask; fail where an answer is needed'
complete -c socialsched -n "__fish_socialsched_using_subcommand list" -s n -l dry-run -d 'Check and show what would happen, change nothing'
complete -c socialsched -n "__fish_socialsched_using_subcommand list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c socialsched -n "__fish_socialsched_using_subcommand show" -l database-url -d 'Database: sqlite:///path/to/file, mysql://… or postgres://user@host/name' -r
complete -c socialsched -n "__fish_socialsched_using_subcommand show" -l expect-instance -d 'Refuse any database but the one with this id' -r
complete -c socialsched -n "__fish_socialsched_using_subcommand show" -s c -l config -d 'Configuration file instead of the user\'s and the system\'s' -r -F
complete -c socialsched -n "__fish_socialsched_using_subcommand show" -s C -l company -d 'Company whose accounts, clients and posts the command works on' -r
complete -c socialsched -n "__fish_socialsched_using_subcommand show" -s o -l output -d 'Output format [default: table on a terminal, else tsv]' -r -f -a "table\t''
tsv\t''
json\t''
jsonl\t''
csv\t''
id\t''"
complete -c socialsched -n "__fish_socialsched_using_subcommand show" -l tz -d 'Time zone in which civil times are read and shown [default: UTC]' -r
complete -c socialsched -n "__fish_socialsched_using_subcommand show" -l color -d 'When to use colour [default: auto]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c socialsched -n "__fish_socialsched_using_subcommand show" -l log-format -d 'Log format on standard error [default: text on a terminal, else json]' -r -f -a "text\t''
json\t''"
complete -c socialsched -n "__fish_socialsched_using_subcommand show" -l timeout -d 'How long to wait for the database [default: 10s]' -r
complete -c socialsched -n "__fish_socialsched_using_subcommand show" -l insecure-config -d 'Accept files with secrets that others can read'
complete -c socialsched -n "__fish_socialsched_using_subcommand show" -l json -d 'Same as -o json'
complete -c socialsched -n "__fish_socialsched_using_subcommand show" -s q -l quiet -d 'Print less'
complete -c socialsched -n "__fish_socialsched_using_subcommand show" -s v -l verbose -d 'Print more; twice for everything'
complete -c socialsched -n "__fish_socialsched_using_subcommand show" -s y -l yes -d 'Answer every confirmation with yes'
complete -c socialsched -n "__fish_socialsched_using_subcommand show" -l no-input -d 'Never ask; fail where an answer is needed'
complete -c socialsched -n "__fish_socialsched_using_subcommand show" -s n -l dry-run -d 'Check and show what would happen, change nothing'
complete -c socialsched -n "__fish_socialsched_using_subcommand show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c socialsched -n "__fish_socialsched_using_subcommand cancel" -l reason -d 'Reason, kept with the post' -r
complete -c socialsched -n "__fish_socialsched_using_subcommand cancel" -l database-url -d 'Database: sqlite:///path/to/file, mysql://… or postgres://user@host/name' -r
complete -c socialsched -n "__fish_socialsched_using_subcommand cancel" -l expect-instance -d 'Refuse any database but the one with this id' -r
complete -c socialsched -n "__fish_socialsched_using_subcommand cancel" -s c -l config -d 'Configuration file instead of the user\'s and the system\'s' -r -F
complete -c socialsched -n "__fish_socialsched_using_subcommand cancel" -s C -l company -d 'Company whose accounts, clients and posts the command works on' -r
complete -c socialsched -n "__fish_socialsched_using_subcommand cancel" -s o -l output -d 'Output format [default: table on a terminal, else tsv]' -r -f -a "table\t''
tsv\t''
json\t''
jsonl\t''
csv\t''
id\t''"
complete -c socialsched -n "__fish_socialsched_using_subcommand cancel" -l tz -d 'Time zone in which civil times are read and shown [default: UTC]' -r
complete -c socialsched -n "__fish_socialsched_using_subcommand cancel" -l color -d 'When to use colour [default: auto]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c socialsched -n "__fish_socialsched_using_subcommand cancel" -l log-format -d 'Log format on standard error [default: text on a terminal, else json]' -r -f -a "text\t''
json\t''"
complete -c socialsched -n "__fish_socialsched_using_subcommand cancel" -l timeout -d 'How long to wait for the database [default: 10s]' -r
complete -c socialsched -n "__fish_socialsched_using_subcommand cancel" -l wait -d 'Wait for the outcome of posts that are being published'
complete -c socialsched -n "__fish_socialsched_using_subcommand cancel" -l insecure-config -d 'Accept files with secrets that others can read'
complete -c socialsched -n "__fish_socialsched_using_subcommand cancel" -l json -d 'Same as -o json'
complete -c socialsched -n "__fish_socialsched_using_subcommand cancel" -s q -l quiet -d 'Print less'
complete -c socialsched -n "__fish_socialsched_using_subcommand cancel" -s v -l verbose -d 'Print more; twice for everything'
complete -c socialsched -n "__fish_socialsched_using_subcommand cancel" -s y -l yes -d 'Answer every confirmation with yes'
complete -c socialsched -n "__fish_socialsched_using_subcommand cancel" -l no-input -d 'Never ask; fail where an answer is needed'
complete -c socialsched -n "__fish_socialsched_using_subcommand cancel" -s n -l dry-run -d 'Check and show what would happen, change nothing'
complete -c socialsched -n "__fish_socialsched_using_subcommand cancel" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c socialsched -n "__fish_socialsched_using_subcommand reschedule" -l at -d 'When to publish: "2025-03-10 14:00", "tomorrow 9am", "+2h", RFC 3339' -r
complete -c socialsched -n "__fish_socialsched_using_subcommand reschedule" -l dst -d 'How to read a time that the clocks show twice or skip' -r -f -a "reject\t''
earlier\t''
later\t''"
complete -c socialsched -n "__fish_socialsched_using_subcommand reschedule" -l database-url -d 'Database: sqlite:///path/to/file, mysql://… or postgres://user@host/name' -r
complete -c socialsched -n "__fish_socialsched_using_subcommand reschedule" -l expect-instance -d 'Refuse any database but the one with this id' -r
complete -c socialsched -n "__fish_socialsched_using_subcommand reschedule" -s c -l config -d 'Configuration file instead of the user\'s and the system\'s' -r -F
complete -c socialsched -n "__fish_socialsched_using_subcommand reschedule" -s C -l company -d 'Company whose accounts, clients and posts the command works on' -r
complete -c socialsched -n "__fish_socialsched_using_subcommand reschedule" -s o -l output -d 'Output format [default: table on a terminal, else tsv]' -r -f -a "table\t''
tsv\t''
json\t''
jsonl\t''
csv\t''
id\t''"
complete -c socialsched -n "__fish_socialsched_using_subcommand reschedule" -l tz -d 'Time zone in which civil times are read and shown [default: UTC]' -r
complete -c socialsched -n "__fish_socialsched_using_subcommand reschedule" -l color -d 'When to use colour [default: auto]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c socialsched -n "__fish_socialsched_using_subcommand reschedule" -l log-format -d 'Log format on standard error [default: text on a terminal, else json]' -r -f -a "text\t''
json\t''"
complete -c socialsched -n "__fish_socialsched_using_subcommand reschedule" -l timeout -d 'How long to wait for the database [default: 10s]' -r
complete -c socialsched -n "__fish_socialsched_using_subcommand reschedule" -l now -d 'Publish as soon as a worker claims it'
complete -c socialsched -n "__fish_socialsched_using_subcommand reschedule" -l insecure-config -d 'Accept files with secrets that others can read'
complete -c socialsched -n "__fish_socialsched_using_subcommand reschedule" -l json -d 'Same as -o json'
complete -c socialsched -n "__fish_socialsched_using_subcommand reschedule" -s q -l quiet -d 'Print less'
complete -c socialsched -n "__fish_socialsched_using_subcommand reschedule" -s v -l verbose -d 'Print more; twice for everything'
complete -c socialsched -n "__fish_socialsched_using_subcommand reschedule" -s y -l yes -d 'Answer every confirmation with yes'
complete -c socialsched -n "__fish_socialsched_using_subcommand reschedule" -l no-input -d 'Never ask; fail where an answer is needed'
complete -c socialsched -n "__fish_socialsched_using_subcommand reschedule" -s n -l dry-run -d 'Check and show what would happen, change nothing'
complete -c socialsched -n "__fish_socialsched_using_subcommand reschedule" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c socialsched -n "__fish_socialsched_using_subcommand retry" -l since -d 'With --failed: only posts due at or after this time' -r
complete -c socialsched -n "__fish_socialsched_using_subcommand retry" -l database-url -d 'Database: sqlite:///path/to/file, mysql://… or postgres://user@host/name' -r
complete -c socialsched -n "__fish_socialsched_using_subcommand retry" -l expect-instance -d 'Refuse any database but the one with this id' -r
complete -c socialsched -n "__fish_socialsched_using_subcommand retry" -s c -l config -d 'Configuration file instead of the user\'s and the system\'s' -r -F
complete -c socialsched -n "__fish_socialsched_using_subcommand retry" -s C -l company -d 'Company whose accounts, clients and posts the command works on' -r
complete -c socialsched -n "__fish_socialsched_using_subcommand retry" -s o -l output -d 'Output format [default: table on a terminal, else tsv]' -r -f -a "table\t''
tsv\t''
json\t''
jsonl\t''
csv\t''
id\t''"
complete -c socialsched -n "__fish_socialsched_using_subcommand retry" -l tz -d 'Time zone in which civil times are read and shown [default: UTC]' -r
complete -c socialsched -n "__fish_socialsched_using_subcommand retry" -l color -d 'When to use colour [default: auto]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c socialsched -n "__fish_socialsched_using_subcommand retry" -l log-format -d 'Log format on standard error [default: text on a terminal, else json]' -r -f -a "text\t''
json\t''"
complete -c socialsched -n "__fish_socialsched_using_subcommand retry" -l timeout -d 'How long to wait for the database [default: 10s]' -r
complete -c socialsched -n "__fish_socialsched_using_subcommand retry" -l failed -d 'All failed posts'
complete -c socialsched -n "__fish_socialsched_using_subcommand retry" -l comment -d 'Send the posts\' first comments again, where they failed or are unknown'
complete -c socialsched -n "__fish_socialsched_using_subcommand retry" -l insecure-config -d 'Accept files with secrets that others can read'
complete -c socialsched -n "__fish_socialsched_using_subcommand retry" -l json -d 'Same as -o json'
complete -c socialsched -n "__fish_socialsched_using_subcommand retry" -s q -l quiet -d 'Print less'
complete -c socialsched -n "__fish_socialsched_using_subcommand retry" -s v -l verbose -d 'Print more; twice for everything'
complete -c socialsched -n "__fish_socialsched_using_subcommand retry" -s y -l yes -d 'Answer every confirmation with yes'
complete -c socialsched -n "__fish_socialsched_using_subcommand retry" -l no-input -d 'Never ask; fail where an answer is needed'
complete -c socialsched -n "__fish_socialsched_using_subcommand retry" -s n -l dry-run -d 'Check and show what would happen, change nothing'
complete -c socialsched -n "__fish_socialsched_using_subcommand retry" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c socialsched -n "__fish_socialsched_using_subcommand accounts; and not __fish_seen_subcommand_from list add set pause resume remove help" -l platform -d 'Only accounts of this platform' -r -f -a "facebook\t''
instagram\t''
linkedin\t''"
complete -c socialsched -n "__fish_socialsched_using_subcommand accounts; and not __fish_seen_subcommand_from list add set pause resume remove help" -l database-url -d 'Database: sqlite:///path/to/file, mysql://… or postgres://user@host/name' -r
complete -c socialsched -n "__fish_socialsched_using_subcommand accounts; and not __fish_seen_subcommand_from list add set pause resume remove help" -l expect-instance -d 'Refuse any database but the one with this id' -r
complete -c socialsched -n "__fish_socialsched_using_subcommand accounts; and not __fish_seen_subcommand_from list add set pause resume remove help" -s c -l config -d 'Configuration file instead of the user\'s and the system\'s' -r -F
complete -c socialsched -n "__fish_socialsched_using_subcommand accounts; and not __fish_seen_subcommand_from list add set pause resume remove help" -s C -l company -d 'Company whose accounts, clients and posts the command works on' -r
complete -c socialsched -n "__fish_socialsched_using_subcommand accounts; and not __fish_seen_subcommand_from list add set pause resume remove help" -s o -l output -d 'Output format [default: table on a terminal, else tsv]' -r -f -a "table\t''
tsv\t''
json\t''
jsonl\t''
csv\t''
id\t''"
complete -c socialsched -n "__fish_socialsched_using_subcommand accounts; and not __fish_seen_subcommand_from list add set pause resume remove help" -l tz -d 'Time zone in which civil times are read and shown [default: UTC]' -r
complete -c socialsched -n "__fish_socialsched_using_subcommand accounts; and not __fish_seen_subcommand_from list add set pause resume remove help" -l color -d 'When to use colour [default: auto]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c socialsched -n "__fish_socialsched_using_subcommand accounts; and not __fish_seen_subcommand_from list add set pause resume remove help" -l log-format -d 'Log format on standard error [default: text on a terminal, else json]' -r -f -a "text\t''
json\t''"
complete -c socialsched -n "__fish_socialsched_using_subcommand accounts; and not __fish_seen_subcommand_from list add set pause resume remove help" -l timeout -d 'How long to wait for the database [default: 10s]' -r
complete -c socialsched -n "__fish_socialsched_using_subcommand accounts; and not __fish_seen_subcommand_from list add set pause resume remove help" -l insecure-config -d 'Accept files with secrets that others can read'
complete -c socialsched -n "__fish_socialsched_using_subcommand accounts; and not __fish_seen_subcommand_from list add set pause resume remove help" -l json -d 'Same as -o json'
complete -c socialsched -n "__fish_socialsched_using_subcommand accounts; and not __fish_seen_subcommand_from list add set pause resume remove help" -s q -l quiet -d 'Print less'
complete -c socialsched -n "__fish_socialsched_using_subcommand accounts; and not __fish_seen_subcommand_from list add set pause resume remove help" -s v -l verbose -d 'Print more; twice for everything'
complete -c socialsched -n "__fish_socialsched_using_subcommand accounts; and not __fish_seen_subcommand_from list add set pause resume remove help" -s y -l yes -d 'Answer every confirmation with yes'
complete -c socialsched -n "__fish_socialsched_using_subcommand accounts; and not __fish_seen_subcommand_from list add set pause resume remove help" -l no-input -d 'Never ask; fail where an answer is needed'
complete -c socialsched -n "__fish_socialsched_using_subcommand accounts; and not __fish_seen_subcommand_from list add set pause resume remove help" -s n -l dry-run -d 'Check and show what would happen, change nothing'
complete -c socialsched -n "__fish_socialsched_using_subcommand accounts; and not __fish_seen_subcommand_from list add set pause resume remove help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c socialsched -n "__fish_socialsched_using_subcommand accounts; and not __fish_seen_subcommand_from list add set pause resume remove help" -f -a "list" -d 'List accounts'
complete -c socialsched -n "__fish_socialsched_using_subcommand accounts; and not __fish_seen_subcommand_from list add set pause resume remove help" -f -a "add" -d 'Add an account'
complete -c socialsched -n "__fish_socialsched_using_subcommand accounts; and not __fish_seen_subcommand_from list add set pause resume remove help" -f -a "set" -d 'Change an account; its posts stay as they are'
complete -c socialsched -n "__fish_socialsched_using_subcommand accounts; and not __fish_seen_subcommand_from list add set pause resume remove help" -f -a "pause" -d 'Stop publishing to an account until it is resumed'
complete -c socialsched -n "__fish_socialsched_using_subcommand accounts; and not __fish_seen_subcommand_from list add set pause resume remove help" -f -a "resume" -d 'Publish to an account again'
complete -c socialsched -n "__fish_socialsched_using_subcommand accounts; and not __fish_seen_subcommand_from list add set pause resume remove help" -f -a "remove" -d 'Remove an account that has no open posts'
complete -c socialsched -n "__fish_socialsched_using_subcommand accounts; and not __fish_seen_subcommand_from list add set pause resume remove help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c socialsched -n "__fish_socialsched_using_subcommand accounts; and __fish_seen_subcommand_from list" -l platform -d 'Only accounts of this platform' -r -f -a "facebook\t''
instagram\t''
linkedin\t''"
complete -c socialsched -n "__fish_socialsched_using_subcommand accounts; and __fish_seen_subcommand_from list" -l database-url -d 'Database: sqlite:///path/to/file, mysql://… or postgres://user@host/name' -r
complete -c socialsched -n "__fish_socialsched_using_subcommand accounts; and __fish_seen_subcommand_from list" -l expect-instance -d 'Refuse any database but the one with this id' -r
complete -c socialsched -n "__fish_socialsched_using_subcommand accounts; and __fish_seen_subcommand_from list" -s c -l config -d 'Configuration file instead of the user\'s and the system\'s' -r -F
complete -c socialsched -n "__fish_socialsched_using_subcommand accounts; and __fish_seen_subcommand_from list" -s C -l company -d 'Company whose accounts, clients and posts the command works on' -r
complete -c socialsched -n "__fish_socialsched_using_subcommand accounts; and __fish_seen_subcommand_from list" -s o -l output -d 'Output format [default: table on a terminal, else tsv]' -r -f -a "table\t''
tsv\t''
json\t''
jsonl\t''
csv\t''
id\t''"
complete -c socialsched -n "__fish_socialsched_using_subcommand accounts; and __fish_seen_subcommand_from list" -l tz -d 'Time zone in which civil times are read and shown [default: UTC]' -r
complete -c socialsched -n "__fish_socialsched_using_subcommand accounts; and __fish_seen_subcommand_from list" -l color -d 'When to use colour [default: auto]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c socialsched -n "__fish_socialsched_using_subcommand accounts; and __fish_seen_subcommand_from list" -l log-format -d 'Log format on standard error [default: text on a terminal, else json]' -r -f -a "text\t''
json\t''"
complete -c socialsched -n "__fish_socialsched_using_subcommand accounts; and __fish_seen_subcommand_from list" -l timeout -d 'How long to wait for the database [default: 10s]' -r
complete -c socialsched -n "__fish_socialsched_using_subcommand accounts; and __fish_seen_subcommand_from list" -l insecure-config -d 'Accept files with secrets that others can read'
complete -c socialsched -n "__fish_socialsched_using_subcommand accounts; and __fish_seen_subcommand_from list" -l json -d 'Same as -o json'
complete -c socialsched -n "__fish_socialsched_using_subcommand accounts; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Print less'
complete -c socialsched -n "__fish_socialsched_using_subcommand accounts; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Print more; twice for everything'
complete -c socialsched -n "__fish_socialsched_using_subcommand accounts; and __fish_seen_subcommand_from list" -s y -l yes -d 'Answer every confirmation with yes'
complete -c socialsched -n "__fish_socialsched_using_subcommand accounts; and __fish_seen_subcommand_from list" -l no-input -d 'Never ask; fail where an answer is needed'
complete -c socialsched -n "__fish_socialsched_using_subcommand accounts; and __fish_seen_subcommand_from list" -s n -l dry-run -d 'Check and show what would happen, change nothing'
complete -c socialsched -n "__fish_socialsched_using_subcommand accounts; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c socialsched -n "__fish_socialsched_using_subcommand accounts; and __fish_seen_subcommand_from add" -l platform -d 'Platform' -r -f -a "facebook\t''
instagram\t''
linkedin\t''"
complete -c socialsched -n "__fish_socialsched_using_subcommand accounts; and __fish_seen_subcommand_from add" -l name -d 'Name, as people know it' -r
complete -c socialsched -n "__fish_socialsched_using_subcommand accounts; and __fish_seen_subcommand_from add" -l external-id -d 'Page id, Instagram user id, or LinkedIn URN' -r
complete -c socialsched -n "__fish_socialsched_using_subcommand accounts; and __fish_seen_subcommand_from add" -l client -d 'Client the account belongs to' -r
complete -c socialsched -n "__fish_socialsched_using_subcommand accounts; and __fish_seen_subcommand_from add" -l id -d 'Id of the account in this database [default: a new one]' -r
complete -c socialsched -n "__fish_socialsched_using_subcommand accounts; and __fish_seen_subcommand_from add" -l token-env -d 'Environment variable of the worker that holds the token' -r
complete -c socialsched -n "__fish_socialsched_using_subcommand accounts; and __fish_seen_subcommand_from add" -l token-file -d 'File that holds the token, readable by its owner only' -r -F
complete -c socialsched -n "__fish_socialsched_using_subcommand accounts; and __fish_seen_subcommand_from add" -l publish-mode -d 'How posts of a Facebook Page are published [default: as configured]' -r -f -a "two-step\t''
direct\t''"
complete -c socialsched -n "__fish_socialsched_using_subcommand accounts; and __fish_seen_subcommand_from add" -l database-url -d 'Database: sqlite:///path/to/file, mysql://… or postgres://user@host/name' -r
complete -c socialsched -n "__fish_socialsched_using_subcommand accounts; and __fish_seen_subcommand_from add" -l expect-instance -d 'Refuse any database but the one with this id' -r
complete -c socialsched -n "__fish_socialsched_using_subcommand accounts; and __fish_seen_subcommand_from add" -s c -l config -d 'Configuration file instead of the user\'s and the system\'s' -r -F
complete -c socialsched -n "__fish_socialsched_using_subcommand accounts; and __fish_seen_subcommand_from add" -s C -l company -d 'Company whose accounts, clients and posts the command works on' -r
complete -c socialsched -n "__fish_socialsched_using_subcommand accounts; and __fish_seen_subcommand_from add" -s o -l output -d 'Output format [default: table on a terminal, else tsv]' -r -f -a "table\t''
tsv\t''
json\t''
jsonl\t''
csv\t''
id\t''"
complete -c socialsched -n "__fish_socialsched_using_subcommand accounts; and __fish_seen_subcommand_from add" -l tz -d 'Time zone in which civil times are read and shown [default: UTC]' -r
complete -c socialsched -n "__fish_socialsched_using_subcommand accounts; and __fish_seen_subcommand_from add" -l color -d 'When to use colour [default: auto]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c socialsched -n "__fish_socialsched_using_subcommand accounts; and __fish_seen_subcommand_from add" -l log-format -d 'Log format on standard error [default: text on a terminal, else json]' -r -f -a "text\t''
json\t''"
complete -c socialsched -n "__fish_socialsched_using_subcommand accounts; and __fish_seen_subcommand_from add" -l timeout -d 'How long to wait for the database [default: 10s]' -r
complete -c socialsched -n "__fish_socialsched_using_subcommand accounts; and __fish_seen_subcommand_from add" -l insecure-config -d 'Accept files with secrets that others can read'
complete -c socialsched -n "__fish_socialsched_using_subcommand accounts; and __fish_seen_subcommand_from add" -l json -d 'Same as -o json'
complete -c socialsched -n "__fish_socialsched_using_subcommand accounts; and __fish_seen_subcommand_from add" -s q -l quiet -d 'Print less'
complete -c socialsched -n "__fish_socialsched_using_subcommand accounts; and __fish_seen_subcommand_from add" -s v -l verbose -d 'Print more; twice for everything'
complete -c socialsched -n "__fish_socialsched_using_subcommand accounts; and __fish_seen_subcommand_from add" -s y -l yes -d 'Answer every confirmation with yes'
complete -c socialsched -n "__fish_socialsched_using_subcommand accounts; and __fish_seen_subcommand_from add" -l no-input -d 'Never ask; fail where an answer is needed'
complete -c socialsched -n "__fish_socialsched_using_subcommand accounts; and __fish_seen_subcommand_from add" -s n -l dry-run -d 'Check and show what would happen, change nothing'
complete -c socialsched -n "__fish_socialsched_using_subcommand accounts; and __fish_seen_subcommand_from add" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c socialsched -n "__fish_socialsched_using_subcommand accounts; and __fish_seen_subcommand_from set" -l publish-mode -d 'How posts of a Facebook Page are published; "default": as configured' -r -f -a "two-step\t''
direct\t''
default\t''"
complete -c socialsched -n "__fish_socialsched_using_subcommand accounts; and __fish_seen_subcommand_from set" -l database-url -d 'Database: sqlite:///path/to/file, mysql://… or postgres://user@host/name' -r
complete -c socialsched -n "__fish_socialsched_using_subcommand accounts; and __fish_seen_subcommand_from set" -l expect-instance -d 'Refuse any database but the one with this id' -r
complete -c socialsched -n "__fish_socialsched_using_subcommand accounts; and __fish_seen_subcommand_from set" -s c -l config -d 'Configuration file instead of the user\'s and the system\'s' -r -F
complete -c socialsched -n "__fish_socialsched_using_subcommand accounts; and __fish_seen_subcommand_from set" -s C -l company -d 'Company whose accounts, clients and posts the command works on' -r
complete -c socialsched -n "__fish_socialsched_using_subcommand accounts; and __fish_seen_subcommand_from set" -s o -l output -d 'Output format [default: table on a terminal, else tsv]' -r -f -a "table\t''
tsv\t''
json\t''
jsonl\t''
csv\t''
id\t''"
complete -c socialsched -n "__fish_socialsched_using_subcommand accounts; and __fish_seen_subcommand_from set" -l tz -d 'Time zone in which civil times are read and shown [default: UTC]' -r
complete -c socialsched -n "__fish_socialsched_using_subcommand accounts; and __fish_seen_subcommand_from set" -l color -d 'When to use colour [default: auto]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c socialsched -n "__fish_socialsched_using_subcommand accounts; and __fish_seen_subcommand_from set" -l log-format -d 'Log format on standard error [default: text on a terminal, else json]' -r -f -a "text\t''
json\t''"
complete -c socialsched -n "__fish_socialsched_using_subcommand accounts; and __fish_seen_subcommand_from set" -l timeout -d 'How long to wait for the database [default: 10s]' -r
complete -c socialsched -n "__fish_socialsched_using_subcommand accounts; and __fish_seen_subcommand_from set" -l insecure-config -d 'Accept files with secrets that others can read'
complete -c socialsched -n "__fish_socialsched_using_subcommand accounts; and __fish_seen_subcommand_from set" -l json -d 'Same as -o json'
complete -c socialsched -n "__fish_socialsched_using_subcommand accounts; and __fish_seen_subcommand_from set" -s q -l quiet -d 'Print less'
complete -c socialsched -n "__fish_socialsched_using_subcommand accounts; and __fish_seen_subcommand_from set" -s v -l verbose -d 'Print more; twice for everything'
complete -c socialsched -n "__fish_socialsched_using_subcommand accounts; and __fish_seen_subcommand_from set" -s y -l yes -d 'Answer every confirmation with yes'
complete -c socialsched -n "__fish_socialsched_using_subcommand accounts; and __fish_seen_subcommand_from set" -l no-input -d 'Never ask; fail where an answer is needed'
complete -c socialsched -n "__fish_socialsched_using_subcommand accounts; and __fish_seen_subcommand_from set" -s n -l dry-run -d 'Check and show what would happen, change nothing'
complete -c socialsched -n "__fish_socialsched_using_subcommand accounts; and __fish_seen_subcommand_from set" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c socialsched -n "__fish_socialsched_using_subcommand accounts; and __fish_seen_subcommand_from pause" -l reason -d 'Reason, shown to those who look at the queue' -r
complete -c socialsched -n "__fish_socialsched_using_subcommand accounts; and __fish_seen_subcommand_from pause" -l database-url -d 'Database: sqlite:///path/to/file, mysql://… or postgres://user@host/name' -r
complete -c socialsched -n "__fish_socialsched_using_subcommand accounts; and __fish_seen_subcommand_from pause" -l expect-instance -d 'Refuse any database but the one with this id' -r
complete -c socialsched -n "__fish_socialsched_using_subcommand accounts; and __fish_seen_subcommand_from pause" -s c -l config -d 'Configuration file instead of the user\'s and the system\'s' -r -F
complete -c socialsched -n "__fish_socialsched_using_subcommand accounts; and __fish_seen_subcommand_from pause" -s C -l company -d 'Company whose accounts, clients and posts the command works on' -r
complete -c socialsched -n "__fish_socialsched_using_subcommand accounts; and __fish_seen_subcommand_from pause" -s o -l output -d 'Output format [default: table on a terminal, else tsv]' -r -f -a "table\t''
tsv\t''
json\t''
jsonl\t''
csv\t''
id\t''"
complete -c socialsched -n "__fish_socialsched_using_subcommand accounts; and __fish_seen_subcommand_from pause" -l tz -d 'Time zone in which civil times are read and shown [default: UTC]' -r
complete -c socialsched -n "__fish_socialsched_using_subcommand accounts; and __fish_seen_subcommand_from pause" -l color -d 'When to use colour [default: auto]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c socialsched -n "__fish_socialsched_using_subcommand accounts; and __fish_seen_subcommand_from pause" -l log-format -d 'Log format on standard error [default: text on a terminal, else json]' -r -f -a "text\t''
json\t''"
complete -c socialsched -n "__fish_socialsched_using_subcommand accounts; and __fish_seen_subcommand_from pause" -l timeout -d 'How long to wait for the database [default: 10s]' -r
complete -c socialsched -n "__fish_socialsched_using_subcommand accounts; and __fish_seen_subcommand_from pause" -l insecure-config -d 'Accept files with secrets that others can read'
complete -c socialsched -n "__fish_socialsched_using_subcommand accounts; and __fish_seen_subcommand_from pause" -l json -d 'Same as -o json'
complete -c socialsched -n "__fish_socialsched_using_subcommand accounts; and __fish_seen_subcommand_from pause" -s q -l quiet -d 'Print less'
complete -c socialsched -n "__fish_socialsched_using_subcommand accounts; and __fish_seen_subcommand_from pause" -s v -l verbose -d 'Print more; twice for everything'
complete -c socialsched -n "__fish_socialsched_using_subcommand accounts; and __fish_seen_subcommand_from pause" -s y -l yes -d 'Answer every confirmation with yes'
complete -c socialsched -n "__fish_socialsched_using_subcommand accounts; and __fish_seen_subcommand_from pause" -l no-input -d 'Never ask; fail where an answer is needed'
complete -c socialsched -n "__fish_socialsched_using_subcommand accounts; and __fish_seen_subcommand_from pause" -s n -l dry-run -d 'Check and show what would happen, change nothing'
complete -c socialsched -n "__fish_socialsched_using_subcommand accounts; and __fish_seen_subcommand_from pause" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c socialsched -n "__fish_socialsched_using_subcommand accounts; and __fish_seen_subcommand_from resume" -l database-url -d 'Database: sqlite:///path/to/file, mysql://… or postgres://user@host/name' -r
complete -c socialsched -n "__fish_socialsched_using_subcommand accounts; and __fish_seen_subcommand_from resume" -l expect-instance -d 'Refuse any database but the one with this id' -r
complete -c socialsched -n "__fish_socialsched_using_subcommand accounts; and __fish_seen_subcommand_from resume" -s c -l config -d 'Configuration file instead of the user\'s and the system\'s' -r -F
complete -c socialsched -n "__fish_socialsched_using_subcommand accounts; and __fish_seen_subcommand_from resume" -s C -l company -d 'Company whose accounts, clients and posts the command works on' -r
complete -c socialsched -n "__fish_socialsched_using_subcommand accounts; and __fish_seen_subcommand_from resume" -s o -l output -d 'Output format [default: table on a terminal, else tsv]' -r -f -a "table\t''
tsv\t''
json\t''
jsonl\t''
csv\t''
id\t''"
complete -c socialsched -n "__fish_socialsched_using_subcommand accounts; and __fish_seen_subcommand_from resume" -l tz -d 'Time zone in which civil times are read and shown [default: UTC]' -r
complete -c socialsched -n "__fish_socialsched_using_subcommand accounts; and __fish_seen_subcommand_from resume" -l color -d 'When to use colour [default: auto]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c socialsched -n "__fish_socialsched_using_subcommand accounts; and __fish_seen_subcommand_from resume" -l log-format -d 'Log format on standard error [default: text on a terminal, else json]' -r -f -a "text\t''
json\t''"
complete -c socialsched -n "__fish_socialsched_using_subcommand accounts; and __fish_seen_subcommand_from resume" -l timeout -d 'How long to wait for the database [default: 10s]' -r
complete -c socialsched -n "__fish_socialsched_using_subcommand accounts; and __fish_seen_subcommand_from resume" -l insecure-config -d 'Accept files with secrets that others can read'
complete -c socialsched -n "__fish_socialsched_using_subcommand accounts; and __fish_seen_subcommand_from resume" -l json -d 'Same as -o json'
complete -c socialsched -n "__fish_socialsched_using_subcommand accounts; and __fish_seen_subcommand_from resume" -s q -l quiet -d 'Print less'
complete -c socialsched -n "__fish_socialsched_using_subcommand accounts; and __fish_seen_subcommand_from resume" -s v -l verbose -d 'Print more; twice for everything'
complete -c socialsched -n "__fish_socialsched_using_subcommand accounts; and __fish_seen_subcommand_from resume" -s y -l yes -d 'Answer every confirmation with yes'
complete -c socialsched -n "__fish_socialsched_using_subcommand accounts; and __fish_seen_subcommand_from resume" -l no-input -d 'Never ask; fail where an answer is needed'
complete -c socialsched -n "__fish_socialsched_using_subcommand accounts; and __fish_seen_subcommand_from resume" -s n -l dry-run -d 'Check and show what would happen, change nothing'
complete -c socialsched -n "__fish_socialsched_using_subcommand accounts; and __fish_seen_subcommand_from resume" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c socialsched -n "__fish_socialsched_using_subcommand accounts; and __fish_seen_subcommand_from remove" -l database-url -d 'Database: sqlite:///path/to/file, mysql://… or postgres://user@host/name' -r
complete -c socialsched -n "__fish_socialsched_using_subcommand accounts; and __fish_seen_subcommand_from remove" -l expect-instance -d 'Refuse any database but the one with this id' -r
complete -c socialsched -n "__fish_socialsched_using_subcommand accounts; and __fish_seen_subcommand_from remove" -s c -l config -d 'Configuration file instead of the user\'s and the system\'s' -r -F
complete -c socialsched -n "__fish_socialsched_using_subcommand accounts; and __fish_seen_subcommand_from remove" -s C -l company -d 'Company whose accounts, clients and posts the command works on' -r
complete -c socialsched -n "__fish_socialsched_using_subcommand accounts; and __fish_seen_subcommand_from remove" -s o -l output -d 'Output format [default: table on a terminal, else tsv]' -r -f -a "table\t''
tsv\t''
json\t''
jsonl\t''
csv\t''
id\t''"
complete -c socialsched -n "__fish_socialsched_using_subcommand accounts; and __fish_seen_subcommand_from remove" -l tz -d 'Time zone in which civil times are read and shown [default: UTC]' -r
complete -c socialsched -n "__fish_socialsched_using_subcommand accounts; and __fish_seen_subcommand_from remove" -l color -d 'When to use colour [default: auto]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c socialsched -n "__fish_socialsched_using_subcommand accounts; and __fish_seen_subcommand_from remove" -l log-format -d 'Log format on standard error [default: text on a terminal, else json]' -r -f -a "text\t''
json\t''"
complete -c socialsched -n "__fish_socialsched_using_subcommand accounts; and __fish_seen_subcommand_from remove" -l timeout -d 'How long to wait for the database [default: 10s]' -r
complete -c socialsched -n "__fish_socialsched_using_subcommand accounts; and __fish_seen_subcommand_from remove" -l insecure-config -d 'Accept files with secrets that others can read'
complete -c socialsched -n "__fish_socialsched_using_subcommand accounts; and __fish_seen_subcommand_from remove" -l json -d 'Same as -o json'
complete -c socialsched -n "__fish_socialsched_using_subcommand accounts; and __fish_seen_subcommand_from remove" -s q -l quiet -d 'Print less'
complete -c socialsched -n "__fish_socialsched_using_subcommand accounts; and __fish_seen_subcommand_from remove" -s v -l verbose -d 'Print more; twice for everything'
complete -c socialsched -n "__fish_socialsched_using_subcommand accounts; and __fish_seen_subcommand_from remove" -s y -l yes -d 'Answer every confirmation with yes'
complete -c socialsched -n "__fish_socialsched_using_subcommand accounts; and __fish_seen_subcommand_from remove" -l no-input -d 'Never ask; fail where an answer is needed'
complete -c socialsched -n "__fish_socialsched_using_subcommand accounts; and __fish_seen_subcommand_from remove" -s n -l dry-run -d 'Check and show what would happen, change nothing'
complete -c socialsched -n "__fish_socialsched_using_subcommand accounts; and __fish_seen_subcommand_from remove" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c socialsched -n "__fish_socialsched_using_subcommand accounts; and __fish_seen_subcommand_from help" -f -a "list" -d 'List accounts'
complete -c socialsched -n "__fish_socialsched_using_subcommand accounts; and __fish_seen_subcommand_from help" -f -a "add" -d 'Add an account'
complete -c socialsched -n "__fish_socialsched_using_subcommand accounts; and __fish_seen_subcommand_from help" -f -a "set" -d 'Change an account; its posts stay as they are'
complete -c socialsched -n "__fish_socialsched_using_subcommand accounts; and __fish_seen_subcommand_from help" -f -a "pause" -d 'Stop publishing to an account until it is resumed'
complete -c socialsched -n "__fish_socialsched_using_subcommand accounts; and __fish_seen_subcommand_from help" -f -a "resume" -d 'Publish to an account again'
complete -c socialsched -n "__fish_socialsched_using_subcommand accounts; and __fish_seen_subcommand_from help" -f -a "remove" -d 'Remove an account that has no open posts'
complete -c socialsched -n "__fish_socialsched_using_subcommand accounts; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c socialsched -n "__fish_socialsched_using_subcommand clients; and not __fish_seen_subcommand_from list add remove help" -l database-url -d 'Database: sqlite:///path/to/file, mysql://… or postgres://user@host/name' -r
complete -c socialsched -n "__fish_socialsched_using_subcommand clients; and not __fish_seen_subcommand_from list add remove help" -l expect-instance -d 'Refuse any database but the one with this id' -r
complete -c socialsched -n "__fish_socialsched_using_subcommand clients; and not __fish_seen_subcommand_from list add remove help" -s c -l config -d 'Configuration file instead of the user\'s and the system\'s' -r -F
complete -c socialsched -n "__fish_socialsched_using_subcommand clients; and not __fish_seen_subcommand_from list add remove help" -s C -l company -d 'Company whose accounts, clients and posts the command works on' -r
complete -c socialsched -n "__fish_socialsched_using_subcommand clients; and not __fish_seen_subcommand_from list add remove help" -s o -l output -d 'Output format [default: table on a terminal, else tsv]' -r -f -a "table\t''
tsv\t''
json\t''
jsonl\t''
csv\t''
id\t''"
complete -c socialsched -n "__fish_socialsched_using_subcommand clients; and not __fish_seen_subcommand_from list add remove help" -l tz -d 'Time zone in which civil times are read and shown [default: UTC]' -r
complete -c socialsched -n "__fish_socialsched_using_subcommand clients; and not __fish_seen_subcommand_from list add remove help" -l color -d 'When to use colour [default: auto]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c socialsched -n "__fish_socialsched_using_subcommand clients; and not __fish_seen_subcommand_from list add remove help" -l log-format -d 'Log format on standard error [default: text on a terminal, else json]' -r -f -a "text\t''
json\t''"
complete -c socialsched -n "__fish_socialsched_using_subcommand clients; and not __fish_seen_subcommand_from list add remove help" -l timeout -d 'How long to wait for the database [default: 10s]' -r
complete -c socialsched -n "__fish_socialsched_using_subcommand clients; and not __fish_seen_subcommand_from list add remove help" -l insecure-config -d 'Accept files with secrets that others can read'
complete -c socialsched -n "__fish_socialsched_using_subcommand clients; and not __fish_seen_subcommand_from list add remove help" -l json -d 'Same as -o json'
complete -c socialsched -n "__fish_socialsched_using_subcommand clients; and not __fish_seen_subcommand_from list add remove help" -s q -l quiet -d 'Print less'
complete -c socialsched -n "__fish_socialsched_using_subcommand clients; and not __fish_seen_subcommand_from list add remove help" -s v -l verbose -d 'Print more; twice for everything'
complete -c socialsched -n "__fish_socialsched_using_subcommand clients; and not __fish_seen_subcommand_from list add remove help" -s y -l yes -d 'Answer every confirmation with yes'
complete -c socialsched -n "__fish_socialsched_using_subcommand clients; and not __fish_seen_subcommand_from list add remove help" -l no-input -d 'Never ask; fail where an answer is needed'
complete -c socialsched -n "__fish_socialsched_using_subcommand clients; and not __fish_seen_subcommand_from list add remove help" -s n -l dry-run -d 'Check and show what would happen, change nothing'
complete -c socialsched -n "__fish_socialsched_using_subcommand clients; and not __fish_seen_subcommand_from list add remove help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c socialsched -n "__fish_socialsched_using_subcommand clients; and not __fish_seen_subcommand_from list add remove help" -f -a "list" -d 'List clients with their accounts'
complete -c socialsched -n "__fish_socialsched_using_subcommand clients; and not __fish_seen_subcommand_from list add remove help" -f -a "add" -d 'Add a client'
complete -c socialsched -n "__fish_socialsched_using_subcommand clients; and not __fish_seen_subcommand_from list add remove help" -f -a "remove" -d 'Remove a client that has neither accounts nor posts'
complete -c socialsched -n "__fish_socialsched_using_subcommand clients; and not __fish_seen_subcommand_from list add remove help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c socialsched -n "__fish_socialsched_using_subcommand clients; and __fish_seen_subcommand_from list" -l database-url -d 'Database: sqlite:///path/to/file, mysql://… or postgres://user@host/name' -r
complete -c socialsched -n "__fish_socialsched_using_subcommand clients; and __fish_seen_subcommand_from list" -l expect-instance -d 'Refuse any database but the one with this id' -r
complete -c socialsched -n "__fish_socialsched_using_subcommand clients; and __fish_seen_subcommand_from list" -s c -l config -d 'Configuration file instead of the user\'s and the system\'s' -r -F
complete -c socialsched -n "__fish_socialsched_using_subcommand clients; and __fish_seen_subcommand_from list" -s C -l company -d 'Company whose accounts, clients and posts the command works on' -r
complete -c socialsched -n "__fish_socialsched_using_subcommand clients; and __fish_seen_subcommand_from list" -s o -l output -d 'Output format [default: table on a terminal, else tsv]' -r -f -a "table\t''
tsv\t''
json\t''
jsonl\t''
csv\t''
id\t''"
complete -c socialsched -n "__fish_socialsched_using_subcommand clients; and __fish_seen_subcommand_from list" -l tz -d 'Time zone in which civil times are read and shown [default: UTC]' -r
complete -c socialsched -n "__fish_socialsched_using_subcommand clients; and __fish_seen_subcommand_from list" -l color -d 'When to use colour [default: auto]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c socialsched -n "__fish_socialsched_using_subcommand clients; and __fish_seen_subcommand_from list" -l log-format -d 'Log format on standard error [default: text on a terminal, else json]' -r -f -a "text\t''
json\t''"
complete -c socialsched -n "__fish_socialsched_using_subcommand clients; and __fish_seen_subcommand_from list" -l timeout -d 'How long to wait for the database [default: 10s]' -r
complete -c socialsched -n "__fish_socialsched_using_subcommand clients; and __fish_seen_subcommand_from list" -l insecure-config -d 'Accept files with secrets that others can read'
complete -c socialsched -n "__fish_socialsched_using_subcommand clients; and __fish_seen_subcommand_from list" -l json -d 'Same as -o json'
complete -c socialsched -n "__fish_socialsched_using_subcommand clients; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Print less'
complete -c socialsched -n "__fish_socialsched_using_subcommand clients; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Print more; twice for everything'
complete -c socialsched -n "__fish_socialsched_using_subcommand clients; and __fish_seen_subcommand_from list" -s y -l yes -d 'Answer every confirmation with yes'
complete -c socialsched -n "__fish_socialsched_using_subcommand clients; and __fish_seen_subcommand_from list" -l no-input -d 'Never ask; fail where an answer is needed'
complete -c socialsched -n "__fish_socialsched_using_subcommand clients; and __fish_seen_subcommand_from list" -s n -l dry-run -d 'Check and show what would happen, change nothing'
complete -c socialsched -n "__fish_socialsched_using_subcommand clients; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c socialsched -n "__fish_socialsched_using_subcommand clients; and __fish_seen_subcommand_from add" -l first-name -d 'First name' -r
complete -c socialsched -n "__fish_socialsched_using_subcommand clients; and __fish_seen_subcommand_from add" -l last-name -d 'Last name' -r
complete -c socialsched -n "__fish_socialsched_using_subcommand clients; and __fish_seen_subcommand_from add" -l logo -d 'Address of the client\'s logo' -r
complete -c socialsched -n "__fish_socialsched_using_subcommand clients; and __fish_seen_subcommand_from add" -l database-url -d 'Database: sqlite:///path/to/file, mysql://… or postgres://user@host/name' -r
complete -c socialsched -n "__fish_socialsched_using_subcommand clients; and __fish_seen_subcommand_from add" -l expect-instance -d 'Refuse any database but the one with this id' -r
complete -c socialsched -n "__fish_socialsched_using_subcommand clients; and __fish_seen_subcommand_from add" -s c -l config -d 'Configuration file instead of the user\'s and the system\'s' -r -F
complete -c socialsched -n "__fish_socialsched_using_subcommand clients; and __fish_seen_subcommand_from add" -s C -l company -d 'Company whose accounts, clients and posts the command works on' -r
complete -c socialsched -n "__fish_socialsched_using_subcommand clients; and __fish_seen_subcommand_from add" -s o -l output -d 'Output format [default: table on a terminal, else tsv]' -r -f -a "table\t''
tsv\t''
json\t''
jsonl\t''
csv\t''
id\t''"
complete -c socialsched -n "__fish_socialsched_using_subcommand clients; and __fish_seen_subcommand_from add" -l tz -d 'Time zone in which civil times are read and shown [default: UTC]' -r
complete -c socialsched -n "__fish_socialsched_using_subcommand clients; and __fish_seen_subcommand_from add" -l color -d 'When to use colour [default: auto]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c socialsched -n "__fish_socialsched_using_subcommand clients; and __fish_seen_subcommand_from add" -l log-format -d 'Log format on standard error [default: text on a terminal, else json]' -r -f -a "text\t''
json\t''"
complete -c socialsched -n "__fish_socialsched_using_subcommand clients; and __fish_seen_subcommand_from add" -l timeout -d 'How long to wait for the database [default: 10s]' -r
complete -c socialsched -n "__fish_socialsched_using_subcommand clients; and __fish_seen_subcommand_from add" -l insecure-config -d 'Accept files with secrets that others can read'
complete -c socialsched -n "__fish_socialsched_using_subcommand clients; and __fish_seen_subcommand_from add" -l json -d 'Same as -o json'
complete -c socialsched -n "__fish_socialsched_using_subcommand clients; and __fish_seen_subcommand_from add" -s q -l quiet -d 'Print less'
complete -c socialsched -n "__fish_socialsched_using_subcommand clients; and __fish_seen_subcommand_from add" -s v -l verbose -d 'Print more; twice for everything'
complete -c socialsched -n "__fish_socialsched_using_subcommand clients; and __fish_seen_subcommand_from add" -s y -l yes -d 'Answer every confirmation with yes'
complete -c socialsched -n "__fish_socialsched_using_subcommand clients; and __fish_seen_subcommand_from add" -l no-input -d 'Never ask; fail where an answer is needed'
complete -c socialsched -n "__fish_socialsched_using_subcommand clients; and __fish_seen_subcommand_from add" -s n -l dry-run -d 'Check and show what would happen, change nothing'
complete -c socialsched -n "__fish_socialsched_using_subcommand clients; and __fish_seen_subcommand_from add" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c socialsched -n "__fish_socialsched_using_subcommand clients; and __fish_seen_subcommand_from remove" -l database-url -d 'Database: sqlite:///path/to/file, mysql://… or postgres://user@host/name' -r
complete -c socialsched -n "__fish_socialsched_using_subcommand clients; and __fish_seen_subcommand_from remove" -l expect-instance -d 'Refuse any database but the one with this id' -r
complete -c socialsched -n "__fish_socialsched_using_subcommand clients; and __fish_seen_subcommand_from remove" -s c -l config -d 'Configuration file instead of the user\'s and the system\'s' -r -F
complete -c socialsched -n "__fish_socialsched_using_subcommand clients; and __fish_seen_subcommand_from remove" -s C -l company -d 'Company whose accounts, clients and posts the command works on' -r
complete -c socialsched -n "__fish_socialsched_using_subcommand clients; and __fish_seen_subcommand_from remove" -s o -l output -d 'Output format [default: table on a terminal, else tsv]' -r -f -a "table\t''
tsv\t''
json\t''
jsonl\t''
csv\t''
id\t''"
complete -c socialsched -n "__fish_socialsched_using_subcommand clients; and __fish_seen_subcommand_from remove" -l tz -d 'Time zone in which civil times are read and shown [default: UTC]' -r
complete -c socialsched -n "__fish_socialsched_using_subcommand clients; and __fish_seen_subcommand_from remove" -l color -d 'When to use colour [default: auto]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c socialsched -n "__fish_socialsched_using_subcommand clients; and __fish_seen_subcommand_from remove" -l log-format -d 'Log format on standard error [default: text on a terminal, else json]' -r -f -a "text\t''
json\t''"
complete -c socialsched -n "__fish_socialsched_using_subcommand clients; and __fish_seen_subcommand_from remove" -l timeout -d 'How long to wait for the database [default: 10s]' -r
complete -c socialsched -n "__fish_socialsched_using_subcommand clients; and __fish_seen_subcommand_from remove" -l insecure-config -d 'Accept files with secrets that others can read'
complete -c socialsched -n "__fish_socialsched_using_subcommand clients; and __fish_seen_subcommand_from remove" -l json -d 'Same as -o json'
complete -c socialsched -n "__fish_socialsched_using_subcommand clients; and __fish_seen_subcommand_from remove" -s q -l quiet -d 'Print less'
complete -c socialsched -n "__fish_socialsched_using_subcommand clients; and __fish_seen_subcommand_from remove" -s v -l verbose -d 'Print more; twice for everything'
complete -c socialsched -n "__fish_socialsched_using_subcommand clients; and __fish_seen_subcommand_from remove" -s y -l yes -d 'Answer every confirmation with yes'
complete -c socialsched -n "__fish_socialsched_using_subcommand clients; and __fish_seen_subcommand_from remove" -l no-input -d 'Never ask; fail where an answer is needed'
complete -c socialsched -n "__fish_socialsched_using_subcommand clients; and __fish_seen_subcommand_from remove" -s n -l dry-run -d 'Check and show what would happen, change nothing'
complete -c socialsched -n "__fish_socialsched_using_subcommand clients; and __fish_seen_subcommand_from remove" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c socialsched -n "__fish_socialsched_using_subcommand clients; and __fish_seen_subcommand_from help" -f -a "list" -d 'List clients with their accounts'
complete -c socialsched -n "__fish_socialsched_using_subcommand clients; and __fish_seen_subcommand_from help" -f -a "add" -d 'Add a client'
complete -c socialsched -n "__fish_socialsched_using_subcommand clients; and __fish_seen_subcommand_from help" -f -a "remove" -d 'Remove a client that has neither accounts nor posts'
complete -c socialsched -n "__fish_socialsched_using_subcommand clients; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c socialsched -n "__fish_socialsched_using_subcommand queue-status" -l database-url -d 'Database: sqlite:///path/to/file, mysql://… or postgres://user@host/name' -r
complete -c socialsched -n "__fish_socialsched_using_subcommand queue-status" -l expect-instance -d 'Refuse any database but the one with this id' -r
complete -c socialsched -n "__fish_socialsched_using_subcommand queue-status" -s c -l config -d 'Configuration file instead of the user\'s and the system\'s' -r -F
complete -c socialsched -n "__fish_socialsched_using_subcommand queue-status" -s C -l company -d 'Company whose accounts, clients and posts the command works on' -r
complete -c socialsched -n "__fish_socialsched_using_subcommand queue-status" -s o -l output -d 'Output format [default: table on a terminal, else tsv]' -r -f -a "table\t''
tsv\t''
json\t''
jsonl\t''
csv\t''
id\t''"
complete -c socialsched -n "__fish_socialsched_using_subcommand queue-status" -l tz -d 'Time zone in which civil times are read and shown [default: UTC]' -r
complete -c socialsched -n "__fish_socialsched_using_subcommand queue-status" -l color -d 'When to use colour [default: auto]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c socialsched -n "__fish_socialsched_using_subcommand queue-status" -l log-format -d 'Log format on standard error [default: text on a terminal, else json]' -r -f -a "text\t''
json\t''"
complete -c socialsched -n "__fish_socialsched_using_subcommand queue-status" -l timeout -d 'How long to wait for the database [default: 10s]' -r
complete -c socialsched -n "__fish_socialsched_using_subcommand queue-status" -l insecure-config -d 'Accept files with secrets that others can read'
complete -c socialsched -n "__fish_socialsched_using_subcommand queue-status" -l json -d 'Same as -o json'
complete -c socialsched -n "__fish_socialsched_using_subcommand queue-status" -s q -l quiet -d 'Print less'
complete -c socialsched -n "__fish_socialsched_using_subcommand queue-status" -s v -l verbose -d 'Print more; twice for everything'
complete -c socialsched -n "__fish_socialsched_using_subcommand queue-status" -s y -l yes -d 'Answer every confirmation with yes'
complete -c socialsched -n "__fish_socialsched_using_subcommand queue-status" -l no-input -d 'Never ask; fail where an answer is needed'
complete -c socialsched -n "__fish_socialsched_using_subcommand queue-status" -s n -l dry-run -d 'Check and show what would happen, change nothing'
complete -c socialsched -n "__fish_socialsched_using_subcommand queue-status" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c socialsched -n "__fish_socialsched_using_subcommand recover" -l published -d 'It is live, under this id at the platform' -r
complete -c socialsched -n "__fish_socialsched_using_subcommand recover" -l older-than -d 'Locks of other programs, which have no lease, count as abandoned after this long' -r
complete -c socialsched -n "__fish_socialsched_using_subcommand recover" -l settle -d 'Pace of the look-ups after a lost answer; "not there" counts after four of them, and 15 minutes at least [default: 105s]' -r
complete -c socialsched -n "__fish_socialsched_using_subcommand recover" -l database-url -d 'Database: sqlite:///path/to/file, mysql://… or postgres://user@host/name' -r
complete -c socialsched -n "__fish_socialsched_using_subcommand recover" -l expect-instance -d 'Refuse any database but the one with this id' -r
complete -c socialsched -n "__fish_socialsched_using_subcommand recover" -s c -l config -d 'Configuration file instead of the user\'s and the system\'s' -r -F
complete -c socialsched -n "__fish_socialsched_using_subcommand recover" -s C -l company -d 'Company whose accounts, clients and posts the command works on' -r
complete -c socialsched -n "__fish_socialsched_using_subcommand recover" -s o -l output -d 'Output format [default: table on a terminal, else tsv]' -r -f -a "table\t''
tsv\t''
json\t''
jsonl\t''
csv\t''
id\t''"
complete -c socialsched -n "__fish_socialsched_using_subcommand recover" -l tz -d 'Time zone in which civil times are read and shown [default: UTC]' -r
complete -c socialsched -n "__fish_socialsched_using_subcommand recover" -l color -d 'When to use colour [default: auto]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c socialsched -n "__fish_socialsched_using_subcommand recover" -l log-format -d 'Log format on standard error [default: text on a terminal, else json]' -r -f -a "text\t''
json\t''"
complete -c socialsched -n "__fish_socialsched_using_subcommand recover" -l timeout -d 'How long to wait for the database [default: 10s]' -r
complete -c socialsched -n "__fish_socialsched_using_subcommand recover" -l not-published -d 'It is not there: send it again'
complete -c socialsched -n "__fish_socialsched_using_subcommand recover" -l abandon -d 'Give it up: neither look it up nor send it again'
complete -c socialsched -n "__fish_socialsched_using_subcommand recover" -l after-restore -d 'The database was restored from a backup: mark what may have gone out since for review'
complete -c socialsched -n "__fish_socialsched_using_subcommand recover" -l insecure-config -d 'Accept files with secrets that others can read'
complete -c socialsched -n "__fish_socialsched_using_subcommand recover" -l json -d 'Same as -o json'
complete -c socialsched -n "__fish_socialsched_using_subcommand recover" -s q -l quiet -d 'Print less'
complete -c socialsched -n "__fish_socialsched_using_subcommand recover" -s v -l verbose -d 'Print more; twice for everything'
complete -c socialsched -n "__fish_socialsched_using_subcommand recover" -s y -l yes -d 'Answer every confirmation with yes'
complete -c socialsched -n "__fish_socialsched_using_subcommand recover" -l no-input -d 'Never ask; fail where an answer is needed'
complete -c socialsched -n "__fish_socialsched_using_subcommand recover" -s n -l dry-run -d 'Check and show what would happen, change nothing'
complete -c socialsched -n "__fish_socialsched_using_subcommand recover" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c socialsched -n "__fish_socialsched_using_subcommand run-worker" -l batch-size -d 'Jobs claimed at a time [default: 50]' -r
complete -c socialsched -n "__fish_socialsched_using_subcommand run-worker" -l concurrency -d 'Posts in flight; publish calls of one account are always made one at a time [default: 50]' -r
complete -c socialsched -n "__fish_socialsched_using_subcommand run-worker" -l max-runtime -d 'Stop claiming jobs after this long [default: 50s with --once]' -r
complete -c socialsched -n "__fish_socialsched_using_subcommand run-worker" -l max-jobs -d 'Stop after this many jobs' -r
complete -c socialsched -n "__fish_socialsched_using_subcommand run-worker" -l lease -d 'A worker that is silent this long loses its jobs [default: 60s]' -r
complete -c socialsched -n "__fish_socialsched_using_subcommand run-worker" -l max-attempts -d 'Maximum number of attempts of a post [default: 3]' -r
complete -c socialsched -n "__fish_socialsched_using_subcommand run-worker" -l max-late -d 'Posts that are later than this fail as missed instead of going out [default: 24h]' -r
complete -c socialsched -n "__fish_socialsched_using_subcommand run-worker" -l poll-interval -d 'Longest time between two polls of the queue [default: 1s]' -r
complete -c socialsched -n "__fish_socialsched_using_subcommand run-worker" -l prepare-ahead -d 'Upload and stage media this long before the due time [default: 5m]' -r
complete -c socialsched -n "__fish_socialsched_using_subcommand run-worker" -l settle -d 'Pace of the look-ups after a lost answer; "not there" counts after four of them, and 15 minutes at least [default: 105s]' -r
complete -c socialsched -n "__fish_socialsched_using_subcommand run-worker" -l worker-id -d 'Name of this worker [default: host/pid/random]' -r
complete -c socialsched -n "__fish_socialsched_using_subcommand run-worker" -l platform -d 'Only posts of this platform' -r -f -a "facebook\t''
instagram\t''
linkedin\t''"
complete -c socialsched -n "__fish_socialsched_using_subcommand run-worker" -l account -d 'Only posts of this account' -r
complete -c socialsched -n "__fish_socialsched_using_subcommand run-worker" -l grace -d 'How long posts in flight may take to finish after SIGTERM or SIGINT [default: 30s]' -r
complete -c socialsched -n "__fish_socialsched_using_subcommand run-worker" -l database-url -d 'Database: sqlite:///path/to/file, mysql://… or postgres://user@host/name' -r
complete -c socialsched -n "__fish_socialsched_using_subcommand run-worker" -l expect-instance -d 'Refuse any database but the one with this id' -r
complete -c socialsched -n "__fish_socialsched_using_subcommand run-worker" -s c -l config -d 'Configuration file instead of the user\'s and the system\'s' -r -F
complete -c socialsched -n "__fish_socialsched_using_subcommand run-worker" -s C -l company -d 'Company whose accounts, clients and posts the command works on' -r
complete -c socialsched -n "__fish_socialsched_using_subcommand run-worker" -s o -l output -d 'Output format [default: table on a terminal, else tsv]' -r -f -a "table\t''
tsv\t''
json\t''
jsonl\t''
csv\t''
id\t''"
complete -c socialsched -n "__fish_socialsched_using_subcommand run-worker" -l tz -d 'Time zone in which civil times are read and shown [default: UTC]' -r
complete -c socialsched -n "__fish_socialsched_using_subcommand run-worker" -l color -d 'When to use colour [default: auto]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c socialsched -n "__fish_socialsched_using_subcommand run-worker" -l log-format -d 'Log format on standard error [default: text on a terminal, else json]' -r -f -a "text\t''
json\t''"
complete -c socialsched -n "__fish_socialsched_using_subcommand run-worker" -l timeout -d 'How long to wait for the database [default: 10s]' -r
complete -c socialsched -n "__fish_socialsched_using_subcommand run-worker" -l once -d 'Publish what is due and exit; silent when nothing was due'
complete -c socialsched -n "__fish_socialsched_using_subcommand run-worker" -l fail-on-error -d 'Exit 7 if a post ended as failed or unknown'
complete -c socialsched -n "__fish_socialsched_using_subcommand run-worker" -l insecure-config -d 'Accept files with secrets that others can read'
complete -c socialsched -n "__fish_socialsched_using_subcommand run-worker" -l json -d 'Same as -o json'
complete -c socialsched -n "__fish_socialsched_using_subcommand run-worker" -s q -l quiet -d 'Print less'
complete -c socialsched -n "__fish_socialsched_using_subcommand run-worker" -s v -l verbose -d 'Print more; twice for everything'
complete -c socialsched -n "__fish_socialsched_using_subcommand run-worker" -s y -l yes -d 'Answer every confirmation with yes'
complete -c socialsched -n "__fish_socialsched_using_subcommand run-worker" -l no-input -d 'Never ask; fail where an answer is needed'
complete -c socialsched -n "__fish_socialsched_using_subcommand run-worker" -s n -l dry-run -d 'Check and show what would happen, change nothing'
complete -c socialsched -n "__fish_socialsched_using_subcommand run-worker" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c socialsched -n "__fish_socialsched_using_subcommand migrate" -l database-url -d 'Database: sqlite:///path/to/file, mysql://… or postgres://user@host/name' -r
complete -c socialsched -n "__fish_socialsched_using_subcommand migrate" -l expect-instance -d 'Refuse any database but the one with this id' -r
complete -c socialsched -n "__fish_socialsched_using_subcommand migrate" -s c -l config -d 'Configuration file instead of the user\'s and the system\'s' -r -F
complete -c socialsched -n "__fish_socialsched_using_subcommand migrate" -s C -l company -d 'Company whose accounts, clients and posts the command works on' -r
complete -c socialsched -n "__fish_socialsched_using_subcommand migrate" -s o -l output -d 'Output format [default: table on a terminal, else tsv]' -r -f -a "table\t''
tsv\t''
json\t''
jsonl\t''
csv\t''
id\t''"
complete -c socialsched -n "__fish_socialsched_using_subcommand migrate" -l tz -d 'Time zone in which civil times are read and shown [default: UTC]' -r
complete -c socialsched -n "__fish_socialsched_using_subcommand migrate" -l color -d 'When to use colour [default: auto]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c socialsched -n "__fish_socialsched_using_subcommand migrate" -l log-format -d 'Log format on standard error [default: text on a terminal, else json]' -r -f -a "text\t''
json\t''"
complete -c socialsched -n "__fish_socialsched_using_subcommand migrate" -l timeout -d 'How long to wait for the database [default: 10s]' -r
complete -c socialsched -n "__fish_socialsched_using_subcommand migrate" -l status -d 'Show which changes were applied'
complete -c socialsched -n "__fish_socialsched_using_subcommand migrate" -l check -d 'Exit 8 when changes are missing, or rows hold values that cannot be read'
complete -c socialsched -n "__fish_socialsched_using_subcommand migrate" -l sql -d 'Print the SQL of missing changes only'
complete -c socialsched -n "__fish_socialsched_using_subcommand migrate" -l insecure-config -d 'Accept files with secrets that others can read'
complete -c socialsched -n "__fish_socialsched_using_subcommand migrate" -l json -d 'Same as -o json'
complete -c socialsched -n "__fish_socialsched_using_subcommand migrate" -s q -l quiet -d 'Print less'
complete -c socialsched -n "__fish_socialsched_using_subcommand migrate" -s v -l verbose -d 'Print more; twice for everything'
complete -c socialsched -n "__fish_socialsched_using_subcommand migrate" -s y -l yes -d 'Answer every confirmation with yes'
complete -c socialsched -n "__fish_socialsched_using_subcommand migrate" -l no-input -d 'Never ask; fail where an answer is needed'
complete -c socialsched -n "__fish_socialsched_using_subcommand migrate" -s n -l dry-run -d 'Check and show what would happen, change nothing'
complete -c socialsched -n "__fish_socialsched_using_subcommand migrate" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c socialsched -n "__fish_socialsched_using_subcommand sandbox" -l listen -d 'Address of this machine to listen on; port 0 lets the system choose' -r
complete -c socialsched -n "__fish_socialsched_using_subcommand sandbox" -l set -d 'Change an option of the platforms, such as newer_posts=60; repeatable' -r
complete -c socialsched -n "__fish_socialsched_using_subcommand sandbox" -l faults -d 'Start with the fault rules of this JSON file; - is standard input' -r -F
complete -c socialsched -n "__fish_socialsched_using_subcommand sandbox" -l database-url -d 'Database: sqlite:///path/to/file, mysql://… or postgres://user@host/name' -r
complete -c socialsched -n "__fish_socialsched_using_subcommand sandbox" -l expect-instance -d 'Refuse any database but the one with this id' -r
complete -c socialsched -n "__fish_socialsched_using_subcommand sandbox" -s c -l config -d 'Configuration file instead of the user\'s and the system\'s' -r -F
complete -c socialsched -n "__fish_socialsched_using_subcommand sandbox" -s C -l company -d 'Company whose accounts, clients and posts the command works on' -r
complete -c socialsched -n "__fish_socialsched_using_subcommand sandbox" -s o -l output -d 'Output format [default: table on a terminal, else tsv]' -r -f -a "table\t''
tsv\t''
json\t''
jsonl\t''
csv\t''
id\t''"
complete -c socialsched -n "__fish_socialsched_using_subcommand sandbox" -l tz -d 'Time zone in which civil times are read and shown [default: UTC]' -r
complete -c socialsched -n "__fish_socialsched_using_subcommand sandbox" -l color -d 'When to use colour [default: auto]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c socialsched -n "__fish_socialsched_using_subcommand sandbox" -l log-format -d 'Log format on standard error [default: text on a terminal, else json]' -r -f -a "text\t''
json\t''"
complete -c socialsched -n "__fish_socialsched_using_subcommand sandbox" -l timeout -d 'How long to wait for the database [default: 10s]' -r
complete -c socialsched -n "__fish_socialsched_using_subcommand sandbox" -l insecure-config -d 'Accept files with secrets that others can read'
complete -c socialsched -n "__fish_socialsched_using_subcommand sandbox" -l json -d 'Same as -o json'
complete -c socialsched -n "__fish_socialsched_using_subcommand sandbox" -s q -l quiet -d 'Print less'
complete -c socialsched -n "__fish_socialsched_using_subcommand sandbox" -s v -l verbose -d 'Print more; twice for everything'
complete -c socialsched -n "__fish_socialsched_using_subcommand sandbox" -s y -l yes -d 'Answer every confirmation with yes'
complete -c socialsched -n "__fish_socialsched_using_subcommand sandbox" -l no-input -d 'Never ask; fail where an answer is needed'
complete -c socialsched -n "__fish_socialsched_using_subcommand sandbox" -s n -l dry-run -d 'Check and show what would happen, change nothing'
complete -c socialsched -n "__fish_socialsched_using_subcommand sandbox" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c socialsched -n "__fish_socialsched_using_subcommand demo" -l database-url -d 'Database: sqlite:///path/to/file, mysql://… or postgres://user@host/name' -r
complete -c socialsched -n "__fish_socialsched_using_subcommand demo" -l expect-instance -d 'Refuse any database but the one with this id' -r
complete -c socialsched -n "__fish_socialsched_using_subcommand demo" -s c -l config -d 'Configuration file instead of the user\'s and the system\'s' -r -F
complete -c socialsched -n "__fish_socialsched_using_subcommand demo" -s C -l company -d 'Company whose accounts, clients and posts the command works on' -r
complete -c socialsched -n "__fish_socialsched_using_subcommand demo" -s o -l output -d 'Output format [default: table on a terminal, else tsv]' -r -f -a "table\t''
tsv\t''
json\t''
jsonl\t''
csv\t''
id\t''"
complete -c socialsched -n "__fish_socialsched_using_subcommand demo" -l tz -d 'Time zone in which civil times are read and shown [default: UTC]' -r
complete -c socialsched -n "__fish_socialsched_using_subcommand demo" -l color -d 'When to use colour [default: auto]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c socialsched -n "__fish_socialsched_using_subcommand demo" -l log-format -d 'Log format on standard error [default: text on a terminal, else json]' -r -f -a "text\t''
json\t''"
complete -c socialsched -n "__fish_socialsched_using_subcommand demo" -l timeout -d 'How long to wait for the database [default: 10s]' -r
complete -c socialsched -n "__fish_socialsched_using_subcommand demo" -l insecure-config -d 'Accept files with secrets that others can read'
complete -c socialsched -n "__fish_socialsched_using_subcommand demo" -l json -d 'Same as -o json'
complete -c socialsched -n "__fish_socialsched_using_subcommand demo" -s q -l quiet -d 'Print less'
complete -c socialsched -n "__fish_socialsched_using_subcommand demo" -s v -l verbose -d 'Print more; twice for everything'
complete -c socialsched -n "__fish_socialsched_using_subcommand demo" -s y -l yes -d 'Answer every confirmation with yes'
complete -c socialsched -n "__fish_socialsched_using_subcommand demo" -l no-input -d 'Never ask; fail where an answer is needed'
complete -c socialsched -n "__fish_socialsched_using_subcommand demo" -s n -l dry-run -d 'Check and show what would happen, change nothing'
complete -c socialsched -n "__fish_socialsched_using_subcommand demo" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c socialsched -n "__fish_socialsched_using_subcommand simulate" -l posts -d 'Posts to publish, of all platforms and kinds' -r
complete -c socialsched -n "__fish_socialsched_using_subcommand simulate" -l kills -d 'How often to kill one of the three workers' -r
complete -c socialsched -n "__fish_socialsched_using_subcommand simulate" -l seed -d 'The same seed gives the same posts, faults and instants of kills [default: random]' -r
complete -c socialsched -n "__fish_socialsched_using_subcommand simulate" -l database-url -d 'Database: sqlite:///path/to/file, mysql://… or postgres://user@host/name' -r
complete -c socialsched -n "__fish_socialsched_using_subcommand simulate" -l expect-instance -d 'Refuse any database but the one with this id' -r
complete -c socialsched -n "__fish_socialsched_using_subcommand simulate" -s c -l config -d 'Configuration file instead of the user\'s and the system\'s' -r -F
complete -c socialsched -n "__fish_socialsched_using_subcommand simulate" -s C -l company -d 'Company whose accounts, clients and posts the command works on' -r
complete -c socialsched -n "__fish_socialsched_using_subcommand simulate" -s o -l output -d 'Output format [default: table on a terminal, else tsv]' -r -f -a "table\t''
tsv\t''
json\t''
jsonl\t''
csv\t''
id\t''"
complete -c socialsched -n "__fish_socialsched_using_subcommand simulate" -l tz -d 'Time zone in which civil times are read and shown [default: UTC]' -r
complete -c socialsched -n "__fish_socialsched_using_subcommand simulate" -l color -d 'When to use colour [default: auto]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c socialsched -n "__fish_socialsched_using_subcommand simulate" -l log-format -d 'Log format on standard error [default: text on a terminal, else json]' -r -f -a "text\t''
json\t''"
complete -c socialsched -n "__fish_socialsched_using_subcommand simulate" -l timeout -d 'How long to wait for the database [default: 10s]' -r
complete -c socialsched -n "__fish_socialsched_using_subcommand simulate" -l insecure-config -d 'Accept files with secrets that others can read'
complete -c socialsched -n "__fish_socialsched_using_subcommand simulate" -l json -d 'Same as -o json'
complete -c socialsched -n "__fish_socialsched_using_subcommand simulate" -s q -l quiet -d 'Print less'
complete -c socialsched -n "__fish_socialsched_using_subcommand simulate" -s v -l verbose -d 'Print more; twice for everything'
complete -c socialsched -n "__fish_socialsched_using_subcommand simulate" -s y -l yes -d 'Answer every confirmation with yes'
complete -c socialsched -n "__fish_socialsched_using_subcommand simulate" -l no-input -d 'Never ask; fail where an answer is needed'
complete -c socialsched -n "__fish_socialsched_using_subcommand simulate" -s n -l dry-run -d 'Check and show what would happen, change nothing'
complete -c socialsched -n "__fish_socialsched_using_subcommand simulate" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c socialsched -n "__fish_socialsched_using_subcommand completions" -l database-url -d 'Database: sqlite:///path/to/file, mysql://… or postgres://user@host/name' -r
complete -c socialsched -n "__fish_socialsched_using_subcommand completions" -l expect-instance -d 'Refuse any database but the one with this id' -r
complete -c socialsched -n "__fish_socialsched_using_subcommand completions" -s c -l config -d 'Configuration file instead of the user\'s and the system\'s' -r -F
complete -c socialsched -n "__fish_socialsched_using_subcommand completions" -s C -l company -d 'Company whose accounts, clients and posts the command works on' -r
complete -c socialsched -n "__fish_socialsched_using_subcommand completions" -s o -l output -d 'Output format [default: table on a terminal, else tsv]' -r -f -a "table\t''
tsv\t''
json\t''
jsonl\t''
csv\t''
id\t''"
complete -c socialsched -n "__fish_socialsched_using_subcommand completions" -l tz -d 'Time zone in which civil times are read and shown [default: UTC]' -r
complete -c socialsched -n "__fish_socialsched_using_subcommand completions" -l color -d 'When to use colour [default: auto]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c socialsched -n "__fish_socialsched_using_subcommand completions" -l log-format -d 'Log format on standard error [default: text on a terminal, else json]' -r -f -a "text\t''
json\t''"
complete -c socialsched -n "__fish_socialsched_using_subcommand completions" -l timeout -d 'How long to wait for the database [default: 10s]' -r
complete -c socialsched -n "__fish_socialsched_using_subcommand completions" -l insecure-config -d 'Accept files with secrets that others can read'
complete -c socialsched -n "__fish_socialsched_using_subcommand completions" -l json -d 'Same as -o json'
complete -c socialsched -n "__fish_socialsched_using_subcommand completions" -s q -l quiet -d 'Print less'
complete -c socialsched -n "__fish_socialsched_using_subcommand completions" -s v -l verbose -d 'Print more; twice for everything'
complete -c socialsched -n "__fish_socialsched_using_subcommand completions" -s y -l yes -d 'Answer every confirmation with yes'
complete -c socialsched -n "__fish_socialsched_using_subcommand completions" -l no-input -d 'Never ask; fail where an answer is needed'
complete -c socialsched -n "__fish_socialsched_using_subcommand completions" -s n -l dry-run -d 'Check and show what would happen, change nothing'
complete -c socialsched -n "__fish_socialsched_using_subcommand completions" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c socialsched -n "__fish_socialsched_using_subcommand man" -l dir -d 'Directory to write to; it is created if it is missing' -r -F
complete -c socialsched -n "__fish_socialsched_using_subcommand man" -l database-url -d 'Database: sqlite:///path/to/file, mysql://… or postgres://user@host/name' -r
complete -c socialsched -n "__fish_socialsched_using_subcommand man" -l expect-instance -d 'Refuse any database but the one with this id' -r
complete -c socialsched -n "__fish_socialsched_using_subcommand man" -s c -l config -d 'Configuration file instead of the user\'s and the system\'s' -r -F
complete -c socialsched -n "__fish_socialsched_using_subcommand man" -s C -l company -d 'Company whose accounts, clients and posts the command works on' -r
complete -c socialsched -n "__fish_socialsched_using_subcommand man" -s o -l output -d 'Output format [default: table on a terminal, else tsv]' -r -f -a "table\t''
tsv\t''
json\t''
jsonl\t''
csv\t''
id\t''"
complete -c socialsched -n "__fish_socialsched_using_subcommand man" -l tz -d 'Time zone in which civil times are read and shown [default: UTC]' -r
complete -c socialsched -n "__fish_socialsched_using_subcommand man" -l color -d 'When to use colour [default: auto]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c socialsched -n "__fish_socialsched_using_subcommand man" -l log-format -d 'Log format on standard error [default: text on a terminal, else json]' -r -f -a "text\t''
json\t''"
complete -c socialsched -n "__fish_socialsched_using_subcommand man" -l timeout -d 'How long to wait for the database [default: 10s]' -r
complete -c socialsched -n "__fish_socialsched_using_subcommand man" -l insecure-config -d 'Accept files with secrets that others can read'
complete -c socialsched -n "__fish_socialsched_using_subcommand man" -l json -d 'Same as -o json'
complete -c socialsched -n "__fish_socialsched_using_subcommand man" -s q -l quiet -d 'Print less'
complete -c socialsched -n "__fish_socialsched_using_subcommand man" -s v -l verbose -d 'Print more; twice for everything'
complete -c socialsched -n "__fish_socialsched_using_subcommand man" -s y -l yes -d 'Answer every confirmation with yes'
complete -c socialsched -n "__fish_socialsched_using_subcommand man" -l no-input -d 'Never ask; fail where an answer is needed'
complete -c socialsched -n "__fish_socialsched_using_subcommand man" -s n -l dry-run -d 'Check and show what would happen, change nothing'
complete -c socialsched -n "__fish_socialsched_using_subcommand man" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c socialsched -n "__fish_socialsched_using_subcommand help; and not __fish_seen_subcommand_from schedule list show cancel reschedule retry accounts clients queue-status recover run-worker migrate sandbox demo simulate completions man help" -f -a "schedule" -d 'Schedule a post'
complete -c socialsched -n "__fish_socialsched_using_subcommand help; and not __fish_seen_subcommand_from schedule list show cancel reschedule retry accounts clients queue-status recover run-worker migrate sandbox demo simulate completions man help" -f -a "list" -d 'List posts'
complete -c socialsched -n "__fish_socialsched_using_subcommand help; and not __fish_seen_subcommand_from schedule list show cancel reschedule retry accounts clients queue-status recover run-worker migrate sandbox demo simulate completions man help" -f -a "show" -d 'Show a post with every attempt'
complete -c socialsched -n "__fish_socialsched_using_subcommand help; and not __fish_seen_subcommand_from schedule list show cancel reschedule retry accounts clients queue-status recover run-worker migrate sandbox demo simulate completions man help" -f -a "cancel" -d 'Cancel pending posts'
complete -c socialsched -n "__fish_socialsched_using_subcommand help; and not __fish_seen_subcommand_from schedule list show cancel reschedule retry accounts clients queue-status recover run-worker migrate sandbox demo simulate completions man help" -f -a "reschedule" -d 'Move a pending post to another time'
complete -c socialsched -n "__fish_socialsched_using_subcommand help; and not __fish_seen_subcommand_from schedule list show cancel reschedule retry accounts clients queue-status recover run-worker migrate sandbox demo simulate completions man help" -f -a "retry" -d 'Try failed posts again, now'
complete -c socialsched -n "__fish_socialsched_using_subcommand help; and not __fish_seen_subcommand_from schedule list show cancel reschedule retry accounts clients queue-status recover run-worker migrate sandbox demo simulate completions man help" -f -a "accounts" -d 'List, add, change, pause, resume and remove social accounts'
complete -c socialsched -n "__fish_socialsched_using_subcommand help; and not __fish_seen_subcommand_from schedule list show cancel reschedule retry accounts clients queue-status recover run-worker migrate sandbox demo simulate completions man help" -f -a "clients" -d 'List, add and remove the agency\'s clients'
complete -c socialsched -n "__fish_socialsched_using_subcommand help; and not __fish_seen_subcommand_from schedule list show cancel reschedule retry accounts clients queue-status recover run-worker migrate sandbox demo simulate completions man help" -f -a "queue-status" -d 'Show the state of the queue'
complete -c socialsched -n "__fish_socialsched_using_subcommand help; and not __fish_seen_subcommand_from schedule list show cancel reschedule retry accounts clients queue-status recover run-worker migrate sandbox demo simulate completions man help" -f -a "recover" -d 'Recover after crashes, and settle unknown outcomes'
complete -c socialsched -n "__fish_socialsched_using_subcommand help; and not __fish_seen_subcommand_from schedule list show cancel reschedule retry accounts clients queue-status recover run-worker migrate sandbox demo simulate completions man help" -f -a "run-worker" -d 'Publish due posts'
complete -c socialsched -n "__fish_socialsched_using_subcommand help; and not __fish_seen_subcommand_from schedule list show cancel reschedule retry accounts clients queue-status recover run-worker migrate sandbox demo simulate completions man help" -f -a "migrate" -d 'Create or update the database schema'
complete -c socialsched -n "__fish_socialsched_using_subcommand help; and not __fish_seen_subcommand_from schedule list show cancel reschedule retry accounts clients queue-status recover run-worker migrate sandbox demo simulate completions man help" -f -a "sandbox" -d 'Run a local stand-in for the platforms\' publishing APIs'
complete -c socialsched -n "__fish_socialsched_using_subcommand help; and not __fish_seen_subcommand_from schedule list show cancel reschedule retry accounts clients queue-status recover run-worker migrate sandbox demo simulate completions man help" -f -a "demo" -d 'Show the program at work: publish posts to all three platforms'
complete -c socialsched -n "__fish_socialsched_using_subcommand help; and not __fish_seen_subcommand_from schedule list show cancel reschedule retry accounts clients queue-status recover run-worker migrate sandbox demo simulate completions man help" -f -a "simulate" -d 'Kill workers at random, and compare every post with what is live'
complete -c socialsched -n "__fish_socialsched_using_subcommand help; and not __fish_seen_subcommand_from schedule list show cancel reschedule retry accounts clients queue-status recover run-worker migrate sandbox demo simulate completions man help" -f -a "completions" -d 'Print the completion script of a shell'
complete -c socialsched -n "__fish_socialsched_using_subcommand help; and not __fish_seen_subcommand_from schedule list show cancel reschedule retry accounts clients queue-status recover run-worker migrate sandbox demo simulate completions man help" -f -a "man" -d 'Write the manual pages'
complete -c socialsched -n "__fish_socialsched_using_subcommand help; and not __fish_seen_subcommand_from schedule list show cancel reschedule retry accounts clients queue-status recover run-worker migrate sandbox demo simulate completions man help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c socialsched -n "__fish_socialsched_using_subcommand help; and __fish_seen_subcommand_from accounts" -f -a "list" -d 'List accounts'
complete -c socialsched -n "__fish_socialsched_using_subcommand help; and __fish_seen_subcommand_from accounts" -f -a "add" -d 'Add an account'
complete -c socialsched -n "__fish_socialsched_using_subcommand help; and __fish_seen_subcommand_from accounts" -f -a "set" -d 'Change an account; its posts stay as they are'
complete -c socialsched -n "__fish_socialsched_using_subcommand help; and __fish_seen_subcommand_from accounts" -f -a "pause" -d 'Stop publishing to an account until it is resumed'
complete -c socialsched -n "__fish_socialsched_using_subcommand help; and __fish_seen_subcommand_from accounts" -f -a "resume" -d 'Publish to an account again'
complete -c socialsched -n "__fish_socialsched_using_subcommand help; and __fish_seen_subcommand_from accounts" -f -a "remove" -d 'Remove an account that has no open posts'
complete -c socialsched -n "__fish_socialsched_using_subcommand help; and __fish_seen_subcommand_from clients" -f -a "list" -d 'List clients with their accounts'
complete -c socialsched -n "__fish_socialsched_using_subcommand help; and __fish_seen_subcommand_from clients" -f -a "add" -d 'Add a client'
complete -c socialsched -n "__fish_socialsched_using_subcommand help; and __fish_seen_subcommand_from clients" -f -a "remove" -d 'Remove a client that has neither accounts nor posts'
