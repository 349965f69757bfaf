
using namespace System.Management.Automation
using namespace System.Management.Automation.Language

Register-ArgumentCompleter -Native -CommandName 'socialsched' -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)

    $commandElements = $commandAst.CommandElements
    $command = @(
        'socialsched'
        for ($i = 1; $i -lt $commandElements.Count; $i++) {
            $element = $commandElements[$i]
            if ($element -isnot [StringConstantExpressionAst] -or
                $element.StringConstantType -ne [StringConstantType]::BareWord -or
                $element.Value.StartsWith('-') -or
                $element.Value -eq $wordToComplete) {
                break
        }
        $element.Value
    }) -join ';'

    $completions = @(switch ($command) {
        'socialsched' {
            [CompletionResult]::new('--database-url', '--database-url', [CompletionResultType]::ParameterName, 'Database: sqlite:///path/to/file, mysql://… or postgres://user@host/name')
            [CompletionResult]::new('--expect-instance', '--expect-instance', [CompletionResultType]::ParameterName, 'Refuse any database but the one with this id')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'Configuration file instead of the user''s and the system''s')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Configuration file instead of the user''s and the system''s')
            [CompletionResult]::new('-C', '-C ', [CompletionResultType]::ParameterName, 'Company whose accounts, clients and posts the command works on')
            [CompletionResult]::new('--company', '--company', [CompletionResultType]::ParameterName, 'Company whose accounts, clients and posts the command works on')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Output format [default: table on a terminal, else tsv]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Output format [default: table on a terminal, else tsv]')
            [CompletionResult]::new('--tz', '--tz', [CompletionResultType]::ParameterName, 'Time zone in which civil times are read and shown [default: UTC]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour [default: auto]')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'Log format on standard error [default: text on a terminal, else json]')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'How long to wait for the database [default: 10s]')
            [CompletionResult]::new('--insecure-config', '--insecure-config', [CompletionResultType]::ParameterName, 'Accept files with secrets that others can read')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Same as -o json')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print less')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print less')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print more; twice for everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print more; twice for everything')
            [CompletionResult]::new('-y', '-y', [CompletionResultType]::ParameterName, 'Answer every confirmation with yes')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Answer every confirmation with yes')
            [CompletionResult]::new('--no-input', '--no-input', [CompletionResultType]::ParameterName, 'Never ask; fail where an answer is needed')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'Check and show what would happen, change nothing')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Check and show what would happen, change nothing')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('schedule', 'schedule', [CompletionResultType]::ParameterValue, 'Schedule a post')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List posts')
            [CompletionResult]::new('show', 'show', [CompletionResultType]::ParameterValue, 'Show a post with every attempt')
            [CompletionResult]::new('cancel', 'cancel', [CompletionResultType]::ParameterValue, 'Cancel pending posts')
            [CompletionResult]::new('reschedule', 'reschedule', [CompletionResultType]::ParameterValue, 'Move a pending post to another time')
            [CompletionResult]::new('retry', 'retry', [CompletionResultType]::ParameterValue, 'Try failed posts again, now')
            [CompletionResult]::new('accounts', 'accounts', [CompletionResultType]::ParameterValue, 'List, add, change, pause, resume and remove social accounts')
            [CompletionResult]::new('clients', 'clients', [CompletionResultType]::ParameterValue, 'List, add and remove the agency''s clients')
            [CompletionResult]::new('queue-status', 'queue-status', [CompletionResultType]::ParameterValue, 'Show the state of the queue')
            [CompletionResult]::new('recover', 'recover', [CompletionResultType]::ParameterValue, 'Recover after crashes, and settle unknown outcomes')
            [CompletionResult]::new('run-worker', 'run-worker', [CompletionResultType]::ParameterValue, 'Publish due posts')
            [CompletionResult]::new('migrate', 'migrate', [CompletionResultType]::ParameterValue, 'Create or update the database schema')
            [CompletionResult]::new('sandbox', 'sandbox', [CompletionResultType]::ParameterValue, 'Run a local stand-in for the platforms'' publishing APIs')
            [CompletionResult]::new('demo', 'demo', [CompletionResultType]::ParameterValue, 'Show the program at work: publish posts to all three platforms')
            [CompletionResult]::new('simulate', 'simulate', [CompletionResultType]::ParameterValue, 'Kill workers at random, and compare every post with what is live')
            [CompletionResult]::new('completions', 'completions', [CompletionResultType]::ParameterValue, 'Print the completion script of a shell')
            [CompletionResult]::new('man', 'man', [CompletionResultType]::ParameterValue, 'Write the manual pages')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'socialsched;schedule' {
            [CompletionResult]::new('--account', '--account', [CompletionResultType]::ParameterName, 'Account to publish to: its name, id, or the beginning of its id')
            [CompletionResult]::new('--platform', '--platform', [CompletionResultType]::ParameterName, 'Platform; must be that of the account')
            [CompletionResult]::new('--type', '--type', [CompletionResultType]::ParameterName, 'Kind of post [default: post]')
            [CompletionResult]::new('--caption', '--caption', [CompletionResultType]::ParameterName, 'Text of the post')
            [CompletionResult]::new('--caption-file', '--caption-file', [CompletionResultType]::ParameterName, 'File with the text of the post; - is standard input')
            [CompletionResult]::new('--image', '--image', [CompletionResultType]::ParameterName, 'Image URL; repeat for more, the order is kept')
            [CompletionResult]::new('--video', '--video', [CompletionResultType]::ParameterName, 'Video URL')
            [CompletionResult]::new('--media', '--media', [CompletionResultType]::ParameterName, 'Image or video URL; its extension says which')
            [CompletionResult]::new('--alt', '--alt', [CompletionResultType]::ParameterName, 'Text for people who cannot see the image; repeat, in the images'' order')
            [CompletionResult]::new('--link', '--link', [CompletionResultType]::ParameterName, 'Link to preview')
            [CompletionResult]::new('--first-comment', '--first-comment', [CompletionResultType]::ParameterName, 'Comment to add below the post once it is live')
            [CompletionResult]::new('--at', '--at', [CompletionResultType]::ParameterName, 'When to publish: "2025-03-10 14:00", "tomorrow 9am", "+2h", RFC 3339')
            [CompletionResult]::new('--dst', '--dst', [CompletionResultType]::ParameterName, 'How to read a time that the clocks show twice or skip')
            [CompletionResult]::new('--client', '--client', [CompletionResultType]::ParameterName, 'Client that the post is for')
            [CompletionResult]::new('--key', '--key', [CompletionResultType]::ParameterName, 'Idempotency key: repeating the command with it stores the post only once')
            [CompletionResult]::new('--probe', '--probe', [CompletionResultType]::ParameterName, 'Check the media URLs now')
            [CompletionResult]::new('--body', '--body', [CompletionResultType]::ParameterName, 'The old scheduler''s JSON request; - is standard input')
            [CompletionResult]::new('--database-url', '--database-url', [CompletionResultType]::ParameterName, 'Database: sqlite:///path/to/file, mysql://… or postgres://user@host/name')
            [CompletionResult]::new('--expect-instance', '--expect-instance', [CompletionResultType]::ParameterName, 'Refuse any database but the one with this id')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'Configuration file instead of the user''s and the system''s')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Configuration file instead of the user''s and the system''s')
            [CompletionResult]::new('-C', '-C ', [CompletionResultType]::ParameterName, 'Company whose accounts, clients and posts the command works on')
            [CompletionResult]::new('--company', '--company', [CompletionResultType]::ParameterName, 'Company whose accounts, clients and posts the command works on')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Output format [default: table on a terminal, else tsv]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Output format [default: table on a terminal, else tsv]')
            [CompletionResult]::new('--tz', '--tz', [CompletionResultType]::ParameterName, 'Time zone in which civil times are read and shown [default: UTC]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour [default: auto]')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'Log format on standard error [default: text on a terminal, else json]')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'How long to wait for the database [default: 10s]')
            [CompletionResult]::new('--now', '--now', [CompletionResultType]::ParameterName, 'Publish as soon as a worker claims it')
            [CompletionResult]::new('--allow-duplicate', '--allow-duplicate', [CompletionResultType]::ParameterName, 'Accept a post with the same content as another within 24 hours')
            [CompletionResult]::new('--insecure-config', '--insecure-config', [CompletionResultType]::ParameterName, 'Accept files with secrets that others can read')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Same as -o json')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print less')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print less')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print more; twice for everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print more; twice for everything')
            [CompletionResult]::new('-y', '-y', [CompletionResultType]::ParameterName, 'Answer every confirmation with yes')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Answer every confirmation with yes')
            [CompletionResult]::new('--no-input', '--no-input', [CompletionResultType]::ParameterName, 'Never ask; fail where an answer is needed')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'Check and show what would happen, change nothing')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Check and show what would happen, change nothing')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'socialsched;list' {
            [CompletionResult]::new('--status', '--status', [CompletionResultType]::ParameterName, 'Only posts with this status; repeat for more')
            [CompletionResult]::new('--platform', '--platform', [CompletionResultType]::ParameterName, 'Only posts of this platform')
            [CompletionResult]::new('--account', '--account', [CompletionResultType]::ParameterName, 'Only posts of this account: its name, id, or the beginning of its id')
            [CompletionResult]::new('--client', '--client', [CompletionResultType]::ParameterName, 'Only posts for this client')
            [CompletionResult]::new('--since', '--since', [CompletionResultType]::ParameterName, 'Only posts due at or after this time')
            [CompletionResult]::new('--until', '--until', [CompletionResultType]::ParameterName, 'Only posts due before this time')
            [CompletionResult]::new('--sort', '--sort', [CompletionResultType]::ParameterName, 'Order: by due time, the latest first with -run-at, or by creation')
            [CompletionResult]::new('--limit', '--limit', [CompletionResultType]::ParameterName, 'Maximum number of posts to show')
            [CompletionResult]::new('--after', '--after', [CompletionResultType]::ParameterName, 'Continue after this cursor (meta.next of the previous page)')
            [CompletionResult]::new('--database-url', '--database-url', [CompletionResultType]::ParameterName, 'Database: sqlite:///path/to/file, mysql://… or postgres://user@host/name')
            [CompletionResult]::new('--expect-instance', '--expect-instance', [CompletionResultType]::ParameterName, 'Refuse any database but the one with this id')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'Configuration file instead of the user''s and the system''s')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Configuration file instead of the user''s and the system''s')
            [CompletionResult]::new('-C', '-C ', [CompletionResultType]::ParameterName, 'Company whose accounts, clients and posts the command works on')
            [CompletionResult]::new('--company', '--company', [CompletionResultType]::ParameterName, 'Company whose accounts, clients and posts the command works on')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Output format [default: table on a terminal, else tsv]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Output format [default: table on a terminal, else tsv]')
            [CompletionResult]::new('--tz', '--tz', [CompletionResultType]::ParameterName, 'Time zone in which civil times are read and shown [default: UTC]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour [default: auto]')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'Log format on standard error [default: text on a terminal, else json]')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'How long to wait for the database [default: 10s]')
            [CompletionResult]::new('--all', '--all', [CompletionResultType]::ParameterName, 'All posts, without a limit')
            [CompletionResult]::new('--insecure-config', '--insecure-config', [CompletionResultType]::ParameterName, 'Accept files with secrets that others can read')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Same as -o json')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print less')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print less')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print more; twice for everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print more; twice for everything')
            [CompletionResult]::new('-y', '-y', [CompletionResultType]::ParameterName, 'Answer every confirmation with yes')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Answer every confirmation with yes')
            [CompletionResult]::new('--no-input', '--no-input', [CompletionResultType]::ParameterName, 'Never ask; fail where an answer is needed')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'Check and show what would happen, change nothing')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Check and show what would happen, change nothing')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'socialsched;show' {
            [CompletionResult]::new('--database-url', '--database-url', [CompletionResultType]::ParameterName, 'Database: sqlite:///path/to/file, mysql://… or postgres://user@host/name')
            [CompletionResult]::new('--expect-instance', '--expect-instance', [CompletionResultType]::ParameterName, 'Refuse any database but the one with this id')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'Configuration file instead of the user''s and the system''s')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Configuration file instead of the user''s and the system''s')
            [CompletionResult]::new('-C', '-C ', [CompletionResultType]::ParameterName, 'Company whose accounts, clients and posts the command works on')
            [CompletionResult]::new('--company', '--company', [CompletionResultType]::ParameterName, 'Company whose accounts, clients and posts the command works on')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Output format [default: table on a terminal, else tsv]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Output format [default: table on a terminal, else tsv]')
            [CompletionResult]::new('--tz', '--tz', [CompletionResultType]::ParameterName, 'Time zone in which civil times are read and shown [default: UTC]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour [default: auto]')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'Log format on standard error [default: text on a terminal, else json]')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'How long to wait for the database [default: 10s]')
            [CompletionResult]::new('--insecure-config', '--insecure-config', [CompletionResultType]::ParameterName, 'Accept files with secrets that others can read')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Same as -o json')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print less')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print less')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print more; twice for everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print more; twice for everything')
            [CompletionResult]::new('-y', '-y', [CompletionResultType]::ParameterName, 'Answer every confirmation with yes')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Answer every confirmation with yes')
            [CompletionResult]::new('--no-input', '--no-input', [CompletionResultType]::ParameterName, 'Never ask; fail where an answer is needed')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'Check and show what would happen, change nothing')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Check and show what would happen, change nothing')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'socialsched;cancel' {
            [CompletionResult]::new('--reason', '--reason', [CompletionResultType]::ParameterName, 'Reason, kept with the post')
            [CompletionResult]::new('--database-url', '--database-url', [CompletionResultType]::ParameterName, 'Database: sqlite:///path/to/file, mysql://… or postgres://user@host/name')
            [CompletionResult]::new('--expect-instance', '--expect-instance', [CompletionResultType]::ParameterName, 'Refuse any database but the one with this id')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'Configuration file instead of the user''s and the system''s')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Configuration file instead of the user''s and the system''s')
            [CompletionResult]::new('-C', '-C ', [CompletionResultType]::ParameterName, 'Company whose accounts, clients and posts the command works on')
            [CompletionResult]::new('--company', '--company', [CompletionResultType]::ParameterName, 'Company whose accounts, clients and posts the command works on')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Output format [default: table on a terminal, else tsv]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Output format [default: table on a terminal, else tsv]')
            [CompletionResult]::new('--tz', '--tz', [CompletionResultType]::ParameterName, 'Time zone in which civil times are read and shown [default: UTC]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour [default: auto]')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'Log format on standard error [default: text on a terminal, else json]')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'How long to wait for the database [default: 10s]')
            [CompletionResult]::new('--wait', '--wait', [CompletionResultType]::ParameterName, 'Wait for the outcome of posts that are being published')
            [CompletionResult]::new('--insecure-config', '--insecure-config', [CompletionResultType]::ParameterName, 'Accept files with secrets that others can read')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Same as -o json')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print less')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print less')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print more; twice for everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print more; twice for everything')
            [CompletionResult]::new('-y', '-y', [CompletionResultType]::ParameterName, 'Answer every confirmation with yes')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Answer every confirmation with yes')
            [CompletionResult]::new('--no-input', '--no-input', [CompletionResultType]::ParameterName, 'Never ask; fail where an answer is needed')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'Check and show what would happen, change nothing')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Check and show what would happen, change nothing')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'socialsched;reschedule' {
            [CompletionResult]::new('--at', '--at', [CompletionResultType]::ParameterName, 'When to publish: "2025-03-10 14:00", "tomorrow 9am", "+2h", RFC 3339')
            [CompletionResult]::new('--dst', '--dst', [CompletionResultType]::ParameterName, 'How to read a time that the clocks show twice or skip')
            [CompletionResult]::new('--database-url', '--database-url', [CompletionResultType]::ParameterName, 'Database: sqlite:///path/to/file, mysql://… or postgres://user@host/name')
            [CompletionResult]::new('--expect-instance', '--expect-instance', [CompletionResultType]::ParameterName, 'Refuse any database but the one with this id')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'Configuration file instead of the user''s and the system''s')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Configuration file instead of the user''s and the system''s')
            [CompletionResult]::new('-C', '-C ', [CompletionResultType]::ParameterName, 'Company whose accounts, clients and posts the command works on')
            [CompletionResult]::new('--company', '--company', [CompletionResultType]::ParameterName, 'Company whose accounts, clients and posts the command works on')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Output format [default: table on a terminal, else tsv]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Output format [default: table on a terminal, else tsv]')
            [CompletionResult]::new('--tz', '--tz', [CompletionResultType]::ParameterName, 'Time zone in which civil times are read and shown [default: UTC]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour [default: auto]')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'Log format on standard error [default: text on a terminal, else json]')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'How long to wait for the database [default: 10s]')
            [CompletionResult]::new('--now', '--now', [CompletionResultType]::ParameterName, 'Publish as soon as a worker claims it')
            [CompletionResult]::new('--insecure-config', '--insecure-config', [CompletionResultType]::ParameterName, 'Accept files with secrets that others can read')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Same as -o json')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print less')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print less')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print more; twice for everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print more; twice for everything')
            [CompletionResult]::new('-y', '-y', [CompletionResultType]::ParameterName, 'Answer every confirmation with yes')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Answer every confirmation with yes')
            [CompletionResult]::new('--no-input', '--no-input', [CompletionResultType]::ParameterName, 'Never ask; fail where an answer is needed')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'Check and show what would happen, change nothing')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Check and show what would happen, change nothing')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'socialsched;retry' {
            [CompletionResult]::new('--since', '--since', [CompletionResultType]::ParameterName, 'With --failed: only posts due at or after this time')
            [CompletionResult]::new('--database-url', '--database-url', [CompletionResultType]::ParameterName, 'Database: sqlite:///path/to/file, mysql://… or postgres://user@host/name')
            [CompletionResult]::new('--expect-instance', '--expect-instance', [CompletionResultType]::ParameterName, 'Refuse any database but the one with this id')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'Configuration file instead of the user''s and the system''s')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Configuration file instead of the user''s and the system''s')
            [CompletionResult]::new('-C', '-C ', [CompletionResultType]::ParameterName, 'Company whose accounts, clients and posts the command works on')
            [CompletionResult]::new('--company', '--company', [CompletionResultType]::ParameterName, 'Company whose accounts, clients and posts the command works on')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Output format [default: table on a terminal, else tsv]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Output format [default: table on a terminal, else tsv]')
            [CompletionResult]::new('--tz', '--tz', [CompletionResultType]::ParameterName, 'Time zone in which civil times are read and shown [default: UTC]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour [default: auto]')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'Log format on standard error [default: text on a terminal, else json]')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'How long to wait for the database [default: 10s]')
            [CompletionResult]::new('--failed', '--failed', [CompletionResultType]::ParameterName, 'All failed posts')
            [CompletionResult]::new('--comment', '--comment', [CompletionResultType]::ParameterName, 'Send the posts'' first comments again, where they failed or are unknown')
            [CompletionResult]::new('--insecure-config', '--insecure-config', [CompletionResultType]::ParameterName, 'Accept files with secrets that others can read')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Same as -o json')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print less')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print less')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print more; twice for everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print more; twice for everything')
            [CompletionResult]::new('-y', '-y', [CompletionResultType]::ParameterName, 'Answer every confirmation with yes')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Answer every confirmation with yes')
            [CompletionResult]::new('--no-input', '--no-input', [CompletionResultType]::ParameterName, 'Never ask; fail where an answer is needed')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'Check and show what would happen, change nothing')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Check and show what would happen, change nothing')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'socialsched;accounts' {
            [CompletionResult]::new('--platform', '--platform', [CompletionResultType]::ParameterName, 'Only accounts of this platform')
            [CompletionResult]::new('--database-url', '--database-url', [CompletionResultType]::ParameterName, 'Database: sqlite:///path/to/file, mysql://… or postgres://user@host/name')
            [CompletionResult]::new('--expect-instance', '--expect-instance', [CompletionResultType]::ParameterName, 'Refuse any database but the one with this id')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'Configuration file instead of the user''s and the system''s')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Configuration file instead of the user''s and the system''s')
            [CompletionResult]::new('-C', '-C ', [CompletionResultType]::ParameterName, 'Company whose accounts, clients and posts the command works on')
            [CompletionResult]::new('--company', '--company', [CompletionResultType]::ParameterName, 'Company whose accounts, clients and posts the command works on')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Output format [default: table on a terminal, else tsv]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Output format [default: table on a terminal, else tsv]')
            [CompletionResult]::new('--tz', '--tz', [CompletionResultType]::ParameterName, 'Time zone in which civil times are read and shown [default: UTC]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour [default: auto]')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'Log format on standard error [default: text on a terminal, else json]')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'How long to wait for the database [default: 10s]')
            [CompletionResult]::new('--insecure-config', '--insecure-config', [CompletionResultType]::ParameterName, 'Accept files with secrets that others can read')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Same as -o json')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print less')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print less')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print more; twice for everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print more; twice for everything')
            [CompletionResult]::new('-y', '-y', [CompletionResultType]::ParameterName, 'Answer every confirmation with yes')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Answer every confirmation with yes')
            [CompletionResult]::new('--no-input', '--no-input', [CompletionResultType]::ParameterName, 'Never ask; fail where an answer is needed')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'Check and show what would happen, change nothing')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Check and show what would happen, change nothing')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List accounts')
            [CompletionResult]::new('add', 'add', [CompletionResultType]::ParameterValue, 'Add an account')
            [CompletionResult]::new('set', 'set', [CompletionResultType]::ParameterValue, 'Change an account; its posts stay as they are')
            [CompletionResult]::new('pause', 'pause', [CompletionResultType]::ParameterValue, 'Stop publishing to an account until it is resumed')
            [CompletionResult]::new('resume', 'resume', [CompletionResultType]::ParameterValue, 'Publish to an account again')
            [CompletionResult]::new('remove', 'remove', [CompletionResultType]::ParameterValue, 'Remove an account that has no open posts')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'socialsched;accounts;list' {
            [CompletionResult]::new('--platform', '--platform', [CompletionResultType]::ParameterName, 'Only accounts of this platform')
            [CompletionResult]::new('--database-url', '--database-url', [CompletionResultType]::ParameterName, 'Database: sqlite:///path/to/file, mysql://… or postgres://user@host/name')
            [CompletionResult]::new('--expect-instance', '--expect-instance', [CompletionResultType]::ParameterName, 'Refuse any database but the one with this id')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'Configuration file instead of the user''s and the system''s')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Configuration file instead of the user''s and the system''s')
            [CompletionResult]::new('-C', '-C ', [CompletionResultType]::ParameterName, 'Company whose accounts, clients and posts the command works on')
            [CompletionResult]::new('--company', '--company', [CompletionResultType]::ParameterName, 'Company whose accounts, clients and posts the command works on')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Output format [default: table on a terminal, else tsv]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Output format [default: table on a terminal, else tsv]')
            [CompletionResult]::new('--tz', '--tz', [CompletionResultType]::ParameterName, 'Time zone in which civil times are read and shown [default: UTC]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour [default: auto]')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'Log format on standard error [default: text on a terminal, else json]')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'How long to wait for the database [default: 10s]')
            [CompletionResult]::new('--insecure-config', '--insecure-config', [CompletionResultType]::ParameterName, 'Accept files with secrets that others can read')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Same as -o json')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print less')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print less')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print more; twice for everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print more; twice for everything')
            [CompletionResult]::new('-y', '-y', [CompletionResultType]::ParameterName, 'Answer every confirmation with yes')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Answer every confirmation with yes')
            [CompletionResult]::new('--no-input', '--no-input', [CompletionResultType]::ParameterName, 'Never ask; fail where an answer is needed')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'Check and show what would happen, change nothing')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Check and show what would happen, change nothing')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'socialsched;accounts;add' {
            [CompletionResult]::new('--platform', '--platform', [CompletionResultType]::ParameterName, 'Platform')
            [CompletionResult]::new('--name', '--name', [CompletionResultType]::ParameterName, 'Name, as people know it')
            [CompletionResult]::new('--external-id', '--external-id', [CompletionResultType]::ParameterName, 'Page id, Instagram user id, or LinkedIn URN')
            [CompletionResult]::new('--client', '--client', [CompletionResultType]::ParameterName, 'Client the account belongs to')
            [CompletionResult]::new('--id', '--id', [CompletionResultType]::ParameterName, 'Id of the account in this database [default: a new one]')
            [CompletionResult]::new('--token-env', '--token-env', [CompletionResultType]::ParameterName, 'Environment variable of the worker that holds the token')
            [CompletionResult]::new('--token-file', '--token-file', [CompletionResultType]::ParameterName, 'File that holds the token, readable by its owner only')
            [CompletionResult]::new('--publish-mode', '--publish-mode', [CompletionResultType]::ParameterName, 'How posts of a Facebook Page are published [default: as configured]')
            [CompletionResult]::new('--database-url', '--database-url', [CompletionResultType]::ParameterName, 'Database: sqlite:///path/to/file, mysql://… or postgres://user@host/name')
            [CompletionResult]::new('--expect-instance', '--expect-instance', [CompletionResultType]::ParameterName, 'Refuse any database but the one with this id')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'Configuration file instead of the user''s and the system''s')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Configuration file instead of the user''s and the system''s')
            [CompletionResult]::new('-C', '-C ', [CompletionResultType]::ParameterName, 'Company whose accounts, clients and posts the command works on')
            [CompletionResult]::new('--company', '--company', [CompletionResultType]::ParameterName, 'Company whose accounts, clients and posts the command works on')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Output format [default: table on a terminal, else tsv]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Output format [default: table on a terminal, else tsv]')
            [CompletionResult]::new('--tz', '--tz', [CompletionResultType]::ParameterName, 'Time zone in which civil times are read and shown [default: UTC]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour [default: auto]')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'Log format on standard error [default: text on a terminal, else json]')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'How long to wait for the database [default: 10s]')
            [CompletionResult]::new('--insecure-config', '--insecure-config', [CompletionResultType]::ParameterName, 'Accept files with secrets that others can read')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Same as -o json')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print less')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print less')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print more; twice for everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print more; twice for everything')
            [CompletionResult]::new('-y', '-y', [CompletionResultType]::ParameterName, 'Answer every confirmation with yes')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Answer every confirmation with yes')
            [CompletionResult]::new('--no-input', '--no-input', [CompletionResultType]::ParameterName, 'Never ask; fail where an answer is needed')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'Check and show what would happen, change nothing')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Check and show what would happen, change nothing')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'socialsched;accounts;set' {
            [CompletionResult]::new('--publish-mode', '--publish-mode', [CompletionResultType]::ParameterName, 'How posts of a Facebook Page are published; "default": as configured')
            [CompletionResult]::new('--database-url', '--database-url', [CompletionResultType]::ParameterName, 'Database: sqlite:///path/to/file, mysql://… or postgres://user@host/name')
            [CompletionResult]::new('--expect-instance', '--expect-instance', [CompletionResultType]::ParameterName, 'Refuse any database but the one with this id')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'Configuration file instead of the user''s and the system''s')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Configuration file instead of the user''s and the system''s')
            [CompletionResult]::new('-C', '-C ', [CompletionResultType]::ParameterName, 'Company whose accounts, clients and posts the command works on')
            [CompletionResult]::new('--company', '--company', [CompletionResultType]::ParameterName, 'Company whose accounts, clients and posts the command works on')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Output format [default: table on a terminal, else tsv]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Output format [default: table on a terminal, else tsv]')
            [CompletionResult]::new('--tz', '--tz', [CompletionResultType]::ParameterName, 'Time zone in which civil times are read and shown [default: UTC]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour [default: auto]')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'Log format on standard error [default: text on a terminal, else json]')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'How long to wait for the database [default: 10s]')
            [CompletionResult]::new('--insecure-config', '--insecure-config', [CompletionResultType]::ParameterName, 'Accept files with secrets that others can read')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Same as -o json')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print less')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print less')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print more; twice for everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print more; twice for everything')
            [CompletionResult]::new('-y', '-y', [CompletionResultType]::ParameterName, 'Answer every confirmation with yes')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Answer every confirmation with yes')
            [CompletionResult]::new('--no-input', '--no-input', [CompletionResultType]::ParameterName, 'Never ask; fail where an answer is needed')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'Check and show what would happen, change nothing')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Check and show what would happen, change nothing')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'socialsched;accounts;pause' {
            [CompletionResult]::new('--reason', '--reason', [CompletionResultType]::ParameterName, 'Reason, shown to those who look at the queue')
            [CompletionResult]::new('--database-url', '--database-url', [CompletionResultType]::ParameterName, 'Database: sqlite:///path/to/file, mysql://… or postgres://user@host/name')
            [CompletionResult]::new('--expect-instance', '--expect-instance', [CompletionResultType]::ParameterName, 'Refuse any database but the one with this id')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'Configuration file instead of the user''s and the system''s')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Configuration file instead of the user''s and the system''s')
            [CompletionResult]::new('-C', '-C ', [CompletionResultType]::ParameterName, 'Company whose accounts, clients and posts the command works on')
            [CompletionResult]::new('--company', '--company', [CompletionResultType]::ParameterName, 'Company whose accounts, clients and posts the command works on')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Output format [default: table on a terminal, else tsv]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Output format [default: table on a terminal, else tsv]')
            [CompletionResult]::new('--tz', '--tz', [CompletionResultType]::ParameterName, 'Time zone in which civil times are read and shown [default: UTC]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour [default: auto]')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'Log format on standard error [default: text on a terminal, else json]')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'How long to wait for the database [default: 10s]')
            [CompletionResult]::new('--insecure-config', '--insecure-config', [CompletionResultType]::ParameterName, 'Accept files with secrets that others can read')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Same as -o json')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print less')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print less')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print more; twice for everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print more; twice for everything')
            [CompletionResult]::new('-y', '-y', [CompletionResultType]::ParameterName, 'Answer every confirmation with yes')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Answer every confirmation with yes')
            [CompletionResult]::new('--no-input', '--no-input', [CompletionResultType]::ParameterName, 'Never ask; fail where an answer is needed')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'Check and show what would happen, change nothing')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Check and show what would happen, change nothing')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'socialsched;accounts;resume' {
            [CompletionResult]::new('--database-url', '--database-url', [CompletionResultType]::ParameterName, 'Database: sqlite:///path/to/file, mysql://… or postgres://user@host/name')
            [CompletionResult]::new('--expect-instance', '--expect-instance', [CompletionResultType]::ParameterName, 'Refuse any database but the one with this id')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'Configuration file instead of the user''s and the system''s')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Configuration file instead of the user''s and the system''s')
            [CompletionResult]::new('-C', '-C ', [CompletionResultType]::ParameterName, 'Company whose accounts, clients and posts the command works on')
            [CompletionResult]::new('--company', '--company', [CompletionResultType]::ParameterName, 'Company whose accounts, clients and posts the command works on')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Output format [default: table on a terminal, else tsv]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Output format [default: table on a terminal, else tsv]')
            [CompletionResult]::new('--tz', '--tz', [CompletionResultType]::ParameterName, 'Time zone in which civil times are read and shown [default: UTC]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour [default: auto]')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'Log format on standard error [default: text on a terminal, else json]')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'How long to wait for the database [default: 10s]')
            [CompletionResult]::new('--insecure-config', '--insecure-config', [CompletionResultType]::ParameterName, 'Accept files with secrets that others can read')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Same as -o json')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print less')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print less')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print more; twice for everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print more; twice for everything')
            [CompletionResult]::new('-y', '-y', [CompletionResultType]::ParameterName, 'Answer every confirmation with yes')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Answer every confirmation with yes')
            [CompletionResult]::new('--no-input', '--no-input', [CompletionResultType]::ParameterName, 'Never ask; fail where an answer is needed')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'Check and show what would happen, change nothing')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Check and show what would happen, change nothing')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'socialsched;accounts;remove' {
            [CompletionResult]::new('--database-url', '--database-url', [CompletionResultType]::ParameterName, 'Database: sqlite:///path/to/file, mysql://… or postgres://user@host/name')
            [CompletionResult]::new('--expect-instance', '--expect-instance', [CompletionResultType]::ParameterName, 'Refuse any database but the one with this id')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'Configuration file instead of the user''s and the system''s')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Configuration file instead of the user''s and the system''s')
            [CompletionResult]::new('-C', '-C ', [CompletionResultType]::ParameterName, 'Company whose accounts, clients and posts the command works on')
            [CompletionResult]::new('--company', '--company', [CompletionResultType]::ParameterName, 'Company whose accounts, clients and posts the command works on')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Output format [default: table on a terminal, else tsv]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Output format [default: table on a terminal, else tsv]')
            [CompletionResult]::new('--tz', '--tz', [CompletionResultType]::ParameterName, 'Time zone in which civil times are read and shown [default: UTC]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour [default: auto]')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'Log format on standard error [default: text on a terminal, else json]')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'How long to wait for the database [default: 10s]')
            [CompletionResult]::new('--insecure-config', '--insecure-config', [CompletionResultType]::ParameterName, 'Accept files with secrets that others can read')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Same as -o json')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print less')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print less')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print more; twice for everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print more; twice for everything')
            [CompletionResult]::new('-y', '-y', [CompletionResultType]::ParameterName, 'Answer every confirmation with yes')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Answer every confirmation with yes')
            [CompletionResult]::new('--no-input', '--no-input', [CompletionResultType]::ParameterName, 'Never ask; fail where an answer is needed')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'Check and show what would happen, change nothing')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Check and show what would happen, change nothing')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'socialsched;accounts;help' {
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List accounts')
            [CompletionResult]::new('add', 'add', [CompletionResultType]::ParameterValue, 'Add an account')
            [CompletionResult]::new('set', 'set', [CompletionResultType]::ParameterValue, 'Change an account; its posts stay as they are')
            [CompletionResult]::new('pause', 'pause', [CompletionResultType]::ParameterValue, 'Stop publishing to an account until it is resumed')
            [CompletionResult]::new('resume', 'resume', [CompletionResultType]::ParameterValue, 'Publish to an account again')
            [CompletionResult]::new('remove', 'remove', [CompletionResultType]::ParameterValue, 'Remove an account that has no open posts')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'socialsched;accounts;help;list' {
            break
        }
        'socialsched;accounts;help;add' {
            break
        }
        'socialsched;accounts;help;set' {
            break
        }
        'socialsched;accounts;help;pause' {
            break
        }
        'socialsched;accounts;help;resume' {
            break
        }
        'socialsched;accounts;help;remove' {
            break
        }
        'socialsched;accounts;help;help' {
            break
        }
        'socialsched;clients' {
            [CompletionResult]::new('--database-url', '--database-url', [CompletionResultType]::ParameterName, 'Database: sqlite:///path/to/file, mysql://… or postgres://user@host/name')
            [CompletionResult]::new('--expect-instance', '--expect-instance', [CompletionResultType]::ParameterName, 'Refuse any database but the one with this id')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'Configuration file instead of the user''s and the system''s')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Configuration file instead of the user''s and the system''s')
            [CompletionResult]::new('-C', '-C ', [CompletionResultType]::ParameterName, 'Company whose accounts, clients and posts the command works on')
            [CompletionResult]::new('--company', '--company', [CompletionResultType]::ParameterName, 'Company whose accounts, clients and posts the command works on')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Output format [default: table on a terminal, else tsv]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Output format [default: table on a terminal, else tsv]')
            [CompletionResult]::new('--tz', '--tz', [CompletionResultType]::ParameterName, 'Time zone in which civil times are read and shown [default: UTC]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour [default: auto]')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'Log format on standard error [default: text on a terminal, else json]')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'How long to wait for the database [default: 10s]')
            [CompletionResult]::new('--insecure-config', '--insecure-config', [CompletionResultType]::ParameterName, 'Accept files with secrets that others can read')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Same as -o json')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print less')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print less')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print more; twice for everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print more; twice for everything')
            [CompletionResult]::new('-y', '-y', [CompletionResultType]::ParameterName, 'Answer every confirmation with yes')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Answer every confirmation with yes')
            [CompletionResult]::new('--no-input', '--no-input', [CompletionResultType]::ParameterName, 'Never ask; fail where an answer is needed')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'Check and show what would happen, change nothing')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Check and show what would happen, change nothing')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List clients with their accounts')
            [CompletionResult]::new('add', 'add', [CompletionResultType]::ParameterValue, 'Add a client')
            [CompletionResult]::new('remove', 'remove', [CompletionResultType]::ParameterValue, 'Remove a client that has neither accounts nor posts')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'socialsched;clients;list' {
            [CompletionResult]::new('--database-url', '--database-url', [CompletionResultType]::ParameterName, 'Database: sqlite:///path/to/file, mysql://… or postgres://user@host/name')
            [CompletionResult]::new('--expect-instance', '--expect-instance', [CompletionResultType]::ParameterName, 'Refuse any database but the one with this id')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'Configuration file instead of the user''s and the system''s')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Configuration file instead of the user''s and the system''s')
            [CompletionResult]::new('-C', '-C ', [CompletionResultType]::ParameterName, 'Company whose accounts, clients and posts the command works on')
            [CompletionResult]::new('--company', '--company', [CompletionResultType]::ParameterName, 'Company whose accounts, clients and posts the command works on')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Output format [default: table on a terminal, else tsv]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Output format [default: table on a terminal, else tsv]')
            [CompletionResult]::new('--tz', '--tz', [CompletionResultType]::ParameterName, 'Time zone in which civil times are read and shown [default: UTC]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour [default: auto]')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'Log format on standard error [default: text on a terminal, else json]')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'How long to wait for the database [default: 10s]')
            [CompletionResult]::new('--insecure-config', '--insecure-config', [CompletionResultType]::ParameterName, 'Accept files with secrets that others can read')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Same as -o json')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print less')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print less')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print more; twice for everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print more; twice for everything')
            [CompletionResult]::new('-y', '-y', [CompletionResultType]::ParameterName, 'Answer every confirmation with yes')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Answer every confirmation with yes')
            [CompletionResult]::new('--no-input', '--no-input', [CompletionResultType]::ParameterName, 'Never ask; fail where an answer is needed')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'Check and show what would happen, change nothing')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Check and show what would happen, change nothing')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'socialsched;clients;add' {
            [CompletionResult]::new('--first-name', '--first-name', [CompletionResultType]::ParameterName, 'First name')
            [CompletionResult]::new('--last-name', '--last-name', [CompletionResultType]::ParameterName, 'Last name')
            [CompletionResult]::new('--logo', '--logo', [CompletionResultType]::ParameterName, 'Address of the client''s logo')
            [CompletionResult]::new('--database-url', '--database-url', [CompletionResultType]::ParameterName, 'Database: sqlite:///path/to/file, mysql://… or postgres://user@host/name')
            [CompletionResult]::new('--expect-instance', '--expect-instance', [CompletionResultType]::ParameterName, 'Refuse any database but the one with this id')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'Configuration file instead of the user''s and the system''s')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Configuration file instead of the user''s and the system''s')
            [CompletionResult]::new('-C', '-C ', [CompletionResultType]::ParameterName, 'Company whose accounts, clients and posts the command works on')
            [CompletionResult]::new('--company', '--company', [CompletionResultType]::ParameterName, 'Company whose accounts, clients and posts the command works on')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Output format [default: table on a terminal, else tsv]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Output format [default: table on a terminal, else tsv]')
            [CompletionResult]::new('--tz', '--tz', [CompletionResultType]::ParameterName, 'Time zone in which civil times are read and shown [default: UTC]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour [default: auto]')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'Log format on standard error [default: text on a terminal, else json]')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'How long to wait for the database [default: 10s]')
            [CompletionResult]::new('--insecure-config', '--insecure-config', [CompletionResultType]::ParameterName, 'Accept files with secrets that others can read')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Same as -o json')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print less')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print less')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print more; twice for everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print more; twice for everything')
            [CompletionResult]::new('-y', '-y', [CompletionResultType]::ParameterName, 'Answer every confirmation with yes')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Answer every confirmation with yes')
            [CompletionResult]::new('--no-input', '--no-input', [CompletionResultType]::ParameterName, 'Never ask; fail where an answer is needed')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'Check and show what would happen, change nothing')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Check and show what would happen, change nothing')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'socialsched;clients;remove' {
            [CompletionResult]::new('--database-url', '--database-url', [CompletionResultType]::ParameterName, 'Database: sqlite:///path/to/file, mysql://… or postgres://user@host/name')
            [CompletionResult]::new('--expect-instance', '--expect-instance', [CompletionResultType]::ParameterName, 'Refuse any database but the one with this id')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'Configuration file instead of the user''s and the system''s')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Configuration file instead of the user''s and the system''s')
            [CompletionResult]::new('-C', '-C ', [CompletionResultType]::ParameterName, 'Company whose accounts, clients and posts the command works on')
            [CompletionResult]::new('--company', '--company', [CompletionResultType]::ParameterName, 'Company whose accounts, clients and posts the command works on')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Output format [default: table on a terminal, else tsv]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Output format [default: table on a terminal, else tsv]')
            [CompletionResult]::new('--tz', '--tz', [CompletionResultType]::ParameterName, 'Time zone in which civil times are read and shown [default: UTC]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour [default: auto]')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'Log format on standard error [default: text on a terminal, else json]')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'How long to wait for the database [default: 10s]')
            [CompletionResult]::new('--insecure-config', '--insecure-config', [CompletionResultType]::ParameterName, 'Accept files with secrets that others can read')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Same as -o json')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print less')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print less')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print more; twice for everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print more; twice for everything')
            [CompletionResult]::new('-y', '-y', [CompletionResultType]::ParameterName, 'Answer every confirmation with yes')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Answer every confirmation with yes')
            [CompletionResult]::new('--no-input', '--no-input', [CompletionResultType]::ParameterName, 'Never ask; fail where an answer is needed')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'Check and show what would happen, change nothing')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Check and show what would happen, change nothing')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'socialsched;clients;help' {
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List clients with their accounts')
            [CompletionResult]::new('add', 'add', [CompletionResultType]::ParameterValue, 'Add a client')
            [CompletionResult]::new('remove', 'remove', [CompletionResultType]::ParameterValue, 'Remove a client that has neither accounts nor posts')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'socialsched;clients;help;list' {
            break
        }
        'socialsched;clients;help;add' {
            break
        }
        'socialsched;clients;help;remove' {
            break
        }
        'socialsched;clients;help;help' {
            break
        }
        'socialsched;queue-status' {
            [CompletionResult]::new('--database-url', '--database-url', [CompletionResultType]::ParameterName, 'Database: sqlite:///path/to/file, mysql://… or postgres://user@host/name')
            [CompletionResult]::new('--expect-instance', '--expect-instance', [CompletionResultType]::ParameterName, 'Refuse any database but the one with this id')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'Configuration file instead of the user''s and the system''s')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Configuration file instead of the user''s and the system''s')
            [CompletionResult]::new('-C', '-C ', [CompletionResultType]::ParameterName, 'Company whose accounts, clients and posts the command works on')
            [CompletionResult]::new('--company', '--company', [CompletionResultType]::ParameterName, 'Company whose accounts, clients and posts the command works on')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Output format [default: table on a terminal, else tsv]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Output format [default: table on a terminal, else tsv]')
            [CompletionResult]::new('--tz', '--tz', [CompletionResultType]::ParameterName, 'Time zone in which civil times are read and shown [default: UTC]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour [default: auto]')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'Log format on standard error [default: text on a terminal, else json]')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'How long to wait for the database [default: 10s]')
            [CompletionResult]::new('--insecure-config', '--insecure-config', [CompletionResultType]::ParameterName, 'Accept files with secrets that others can read')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Same as -o json')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print less')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print less')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print more; twice for everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print more; twice for everything')
            [CompletionResult]::new('-y', '-y', [CompletionResultType]::ParameterName, 'Answer every confirmation with yes')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Answer every confirmation with yes')
            [CompletionResult]::new('--no-input', '--no-input', [CompletionResultType]::ParameterName, 'Never ask; fail where an answer is needed')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'Check and show what would happen, change nothing')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Check and show what would happen, change nothing')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'socialsched;recover' {
            [CompletionResult]::new('--published', '--published', [CompletionResultType]::ParameterName, 'It is live, under this id at the platform')
            [CompletionResult]::new('--older-than', '--older-than', [CompletionResultType]::ParameterName, 'Locks of other programs, which have no lease, count as abandoned after this long')
            [CompletionResult]::new('--settle', '--settle', [CompletionResultType]::ParameterName, 'Pace of the look-ups after a lost answer; "not there" counts after four of them, and 15 minutes at least [default: 105s]')
            [CompletionResult]::new('--database-url', '--database-url', [CompletionResultType]::ParameterName, 'Database: sqlite:///path/to/file, mysql://… or postgres://user@host/name')
            [CompletionResult]::new('--expect-instance', '--expect-instance', [CompletionResultType]::ParameterName, 'Refuse any database but the one with this id')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'Configuration file instead of the user''s and the system''s')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Configuration file instead of the user''s and the system''s')
            [CompletionResult]::new('-C', '-C ', [CompletionResultType]::ParameterName, 'Company whose accounts, clients and posts the command works on')
            [CompletionResult]::new('--company', '--company', [CompletionResultType]::ParameterName, 'Company whose accounts, clients and posts the command works on')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Output format [default: table on a terminal, else tsv]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Output format [default: table on a terminal, else tsv]')
            [CompletionResult]::new('--tz', '--tz', [CompletionResultType]::ParameterName, 'Time zone in which civil times are read and shown [default: UTC]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour [default: auto]')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'Log format on standard error [default: text on a terminal, else json]')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'How long to wait for the database [default: 10s]')
            [CompletionResult]::new('--not-published', '--not-published', [CompletionResultType]::ParameterName, 'It is not there: send it again')
            [CompletionResult]::new('--abandon', '--abandon', [CompletionResultType]::ParameterName, 'Give it up: neither look it up nor send it again')
            [CompletionResult]::new('--after-restore', '--after-restore', [CompletionResultType]::ParameterName, 'The database was restored from a backup: mark what may have gone out since for review')
            [CompletionResult]::new('--insecure-config', '--insecure-config', [CompletionResultType]::ParameterName, 'Accept files with secrets that others can read')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Same as -o json')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print less')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print less')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print more; twice for everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print more; twice for everything')
            [CompletionResult]::new('-y', '-y', [CompletionResultType]::ParameterName, 'Answer every confirmation with yes')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Answer every confirmation with yes')
            [CompletionResult]::new('--no-input', '--no-input', [CompletionResultType]::ParameterName, 'Never ask; fail where an answer is needed')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'Check and show what would happen, change nothing')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Check and show what would happen, change nothing')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'socialsched;run-worker' {
            [CompletionResult]::new('--batch-size', '--batch-size', [CompletionResultType]::ParameterName, 'Jobs claimed at a time [default: 50]')
            [CompletionResult]::new('--concurrency', '--concurrency', [CompletionResultType]::ParameterName, 'Posts in flight; publish calls of one account are always made one at a time [default: 50]')
            [CompletionResult]::new('--max-runtime', '--max-runtime', [CompletionResultType]::ParameterName, 'Stop claiming jobs after this long [default: 50s with --once]')
            [CompletionResult]::new('--max-jobs', '--max-jobs', [CompletionResultType]::ParameterName, 'Stop after this many jobs')
            [CompletionResult]::new('--lease', '--lease', [CompletionResultType]::ParameterName, 'A worker that is silent this long loses its jobs [default: 60s]')
            [CompletionResult]::new('--max-attempts', '--max-attempts', [CompletionResultType]::ParameterName, 'Maximum number of attempts of a post [default: 3]')
            [CompletionResult]::new('--max-late', '--max-late', [CompletionResultType]::ParameterName, 'Posts that are later than this fail as missed instead of going out [default: 24h]')
            [CompletionResult]::new('--poll-interval', '--poll-interval', [CompletionResultType]::ParameterName, 'Longest time between two polls of the queue [default: 1s]')
            [CompletionResult]::new('--prepare-ahead', '--prepare-ahead', [CompletionResultType]::ParameterName, 'Upload and stage media this long before the due time [default: 5m]')
            [CompletionResult]::new('--settle', '--settle', [CompletionResultType]::ParameterName, 'Pace of the look-ups after a lost answer; "not there" counts after four of them, and 15 minutes at least [default: 105s]')
            [CompletionResult]::new('--worker-id', '--worker-id', [CompletionResultType]::ParameterName, 'Name of this worker [default: host/pid/random]')
            [CompletionResult]::new('--platform', '--platform', [CompletionResultType]::ParameterName, 'Only posts of this platform')
            [CompletionResult]::new('--account', '--account', [CompletionResultType]::ParameterName, 'Only posts of this account')
            [CompletionResult]::new('--grace', '--grace', [CompletionResultType]::ParameterName, 'How long posts in flight may take to finish after SIGTERM or SIGINT [default: 30s]')
            [CompletionResult]::new('--database-url', '--database-url', [CompletionResultType]::ParameterName, 'Database: sqlite:///path/to/file, mysql://… or postgres://user@host/name')
            [CompletionResult]::new('--expect-instance', '--expect-instance', [CompletionResultType]::ParameterName, 'Refuse any database but the one with this id')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'Configuration file instead of the user''s and the system''s')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Configuration file instead of the user''s and the system''s')
            [CompletionResult]::new('-C', '-C ', [CompletionResultType]::ParameterName, 'Company whose accounts, clients and posts the command works on')
            [CompletionResult]::new('--company', '--company', [CompletionResultType]::ParameterName, 'Company whose accounts, clients and posts the command works on')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Output format [default: table on a terminal, else tsv]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Output format [default: table on a terminal, else tsv]')
            [CompletionResult]::new('--tz', '--tz', [CompletionResultType]::ParameterName, 'Time zone in which civil times are read and shown [default: UTC]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour [default: auto]')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'Log format on standard error [default: text on a terminal, else json]')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'How long to wait for the database [default: 10s]')
            [CompletionResult]::new('--once', '--once', [CompletionResultType]::ParameterName, 'Publish what is due and exit; silent when nothing was due')
            [CompletionResult]::new('--fail-on-error', '--fail-on-error', [CompletionResultType]::ParameterName, 'Exit 7 if a post ended as failed or unknown')
            [CompletionResult]::new('--insecure-config', '--insecure-config', [CompletionResultType]::ParameterName, 'Accept files with secrets that others can read')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Same as -o json')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print less')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print less')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print more; twice for everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print more; twice for everything')
            [CompletionResult]::new('-y', '-y', [CompletionResultType]::ParameterName, 'Answer every confirmation with yes')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Answer every confirmation with yes')
            [CompletionResult]::new('--no-input', '--no-input', [CompletionResultType]::ParameterName, 'Never ask; fail where an answer is needed')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'Check and show what would happen, change nothing')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Check and show what would happen, change nothing')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'socialsched;migrate' {
            [CompletionResult]::new('--database-url', '--database-url', [CompletionResultType]::ParameterName, 'Database: sqlite:///path/to/file, mysql://… or postgres://user@host/name')
            [CompletionResult]::new('--expect-instance', '--expect-instance', [CompletionResultType]::ParameterName, 'Refuse any database but the one with this id')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'Configuration file instead of the user''s and the system''s')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Configuration file instead of the user''s and the system''s')
            [CompletionResult]::new('-C', '-C ', [CompletionResultType]::ParameterName, 'Company whose accounts, clients and posts the command works on')
            [CompletionResult]::new('--company', '--company', [CompletionResultType]::ParameterName, 'Company whose accounts, clients and posts the command works on')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Output format [default: table on a terminal, else tsv]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Output format [default: table on a terminal, else tsv]')
            [CompletionResult]::new('--tz', '--tz', [CompletionResultType]::ParameterName, 'Time zone in which civil times are read and shown [default: UTC]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour [default: auto]')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'Log format on standard error [default: text on a terminal, else json]')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'How long to wait for the database [default: 10s]')
            [CompletionResult]::new('--status', '--status', [CompletionResultType]::ParameterName, 'Show which changes were applied')
            [CompletionResult]::new('--check', '--check', [CompletionResultType]::ParameterName, 'Exit 8 when changes are missing, or rows hold values that cannot be read')
            [CompletionResult]::new('--sql', '--sql', [CompletionResultType]::ParameterName, 'Print the SQL of missing changes only')
            [CompletionResult]::new('--insecure-config', '--insecure-config', [CompletionResultType]::ParameterName, 'Accept files with secrets that others can read')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Same as -o json')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print less')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print less')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print more; twice for everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print more; twice for everything')
            [CompletionResult]::new('-y', '-y', [CompletionResultType]::ParameterName, 'Answer every confirmation with yes')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Answer every confirmation with yes')
            [CompletionResult]::new('--no-input', '--no-input', [CompletionResultType]::ParameterName, 'Never ask; fail where an answer is needed')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'Check and show what would happen, change nothing')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Check and show what would happen, change nothing')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'socialsched;sandbox' {
            [CompletionResult]::new('--listen', '--listen', [CompletionResultType]::ParameterName, 'Address of this machine to listen on; port 0 lets the system choose')
            [CompletionResult]::new('--set', '--set', [CompletionResultType]::ParameterName, 'Change an option of the platforms, such as newer_posts=60; repeatable')
            [CompletionResult]::new('--faults', '--faults', [CompletionResultType]::ParameterName, 'Start with the fault rules of this JSON file; - is standard input')
            [CompletionResult]::new('--database-url', '--database-url', [CompletionResultType]::ParameterName, 'Database: sqlite:///path/to/file, mysql://… or postgres://user@host/name')
            [CompletionResult]::new('--expect-instance', '--expect-instance', [CompletionResultType]::ParameterName, 'Refuse any database but the one with this id')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'Configuration file instead of the user''s and the system''s')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Configuration file instead of the user''s and the system''s')
            [CompletionResult]::new('-C', '-C ', [CompletionResultType]::ParameterName, 'Company whose accounts, clients and posts the command works on')
            [CompletionResult]::new('--company', '--company', [CompletionResultType]::ParameterName, 'Company whose accounts, clients and posts the command works on')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Output format [default: table on a terminal, else tsv]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Output format [default: table on a terminal, else tsv]')
            [CompletionResult]::new('--tz', '--tz', [CompletionResultType]::ParameterName, 'Time zone in which civil times are read and shown [default: UTC]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour [default: auto]')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'Log format on standard error [default: text on a terminal, else json]')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'How long to wait for the database [default: 10s]')
            [CompletionResult]::new('--insecure-config', '--insecure-config', [CompletionResultType]::ParameterName, 'Accept files with secrets that others can read')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Same as -o json')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print less')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print less')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print more; twice for everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print more; twice for everything')
            [CompletionResult]::new('-y', '-y', [CompletionResultType]::ParameterName, 'Answer every confirmation with yes')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Answer every confirmation with yes')
            [CompletionResult]::new('--no-input', '--no-input', [CompletionResultType]::ParameterName, 'Never ask; fail where an answer is needed')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'Check and show what would happen, change nothing')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Check and show what would happen, change nothing')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'socialsched;demo' {
            [CompletionResult]::new('--database-url', '--database-url', [CompletionResultType]::ParameterName, 'Database: sqlite:///path/to/file, mysql://… or postgres://user@host/name')
            [CompletionResult]::new('--expect-instance', '--expect-instance', [CompletionResultType]::ParameterName, 'Refuse any database but the one with this id')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'Configuration file instead of the user''s and the system''s')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Configuration file instead of the user''s and the system''s')
            [CompletionResult]::new('-C', '-C ', [CompletionResultType]::ParameterName, 'Company whose accounts, clients and posts the command works on')
            [CompletionResult]::new('--company', '--company', [CompletionResultType]::ParameterName, 'Company whose accounts, clients and posts the command works on')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Output format [default: table on a terminal, else tsv]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Output format [default: table on a terminal, else tsv]')
            [CompletionResult]::new('--tz', '--tz', [CompletionResultType]::ParameterName, 'Time zone in which civil times are read and shown [default: UTC]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour [default: auto]')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'Log format on standard error [default: text on a terminal, else json]')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'How long to wait for the database [default: 10s]')
            [CompletionResult]::new('--insecure-config', '--insecure-config', [CompletionResultType]::ParameterName, 'Accept files with secrets that others can read')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Same as -o json')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print less')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print less')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print more; twice for everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print more; twice for everything')
            [CompletionResult]::new('-y', '-y', [CompletionResultType]::ParameterName, 'Answer every confirmation with yes')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Answer every confirmation with yes')
            [CompletionResult]::new('--no-input', '--no-input', [CompletionResultType]::ParameterName, 'Never ask; fail where an answer is needed')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'Check and show what would happen, change nothing')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Check and show what would happen, change nothing')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'socialsched;simulate' {
            [CompletionResult]::new('--posts', '--posts', [CompletionResultType]::ParameterName, 'Posts to publish, of all platforms and kinds')
            [CompletionResult]::new('--kills', '--kills', [CompletionResultType]::ParameterName, 'How often to kill one of the three workers')
            [CompletionResult]::new('--seed', '--seed', [CompletionResultType]::ParameterName, 'The same seed gives the same posts, faults and instants of kills [default: random]')
            [CompletionResult]::new('--database-url', '--database-url', [CompletionResultType]::ParameterName, 'Database: sqlite:///path/to/file, mysql://… or postgres://user@host/name')
            [CompletionResult]::new('--expect-instance', '--expect-instance', [CompletionResultType]::ParameterName, 'Refuse any database but the one with this id')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'Configuration file instead of the user''s and the system''s')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Configuration file instead of the user''s and the system''s')
            [CompletionResult]::new('-C', '-C ', [CompletionResultType]::ParameterName, 'Company whose accounts, clients and posts the command works on')
            [CompletionResult]::new('--company', '--company', [CompletionResultType]::ParameterName, 'Company whose accounts, clients and posts the command works on')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Output format [default: table on a terminal, else tsv]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Output format [default: table on a terminal, else tsv]')
            [CompletionResult]::new('--tz', '--tz', [CompletionResultType]::ParameterName, 'Time zone in which civil times are read and shown [default: UTC]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour [default: auto]')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'Log format on standard error [default: text on a terminal, else json]')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'How long to wait for the database [default: 10s]')
            [CompletionResult]::new('--insecure-config', '--insecure-config', [CompletionResultType]::ParameterName, 'Accept files with secrets that others can read')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Same as -o json')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print less')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print less')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print more; twice for everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print more; twice for everything')
            [CompletionResult]::new('-y', '-y', [CompletionResultType]::ParameterName, 'Answer every confirmation with yes')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Answer every confirmation with yes')
            [CompletionResult]::new('--no-input', '--no-input', [CompletionResultType]::ParameterName, 'Never ask; fail where an answer is needed')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'Check and show what would happen, change nothing')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Check and show what would happen, change nothing')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'socialsched;completions' {
            [CompletionResult]::new('--database-url', '--database-url', [CompletionResultType]::ParameterName, 'Database: sqlite:///path/to/file, mysql://… or postgres://user@host/name')
            [CompletionResult]::new('--expect-instance', '--expect-instance', [CompletionResultType]::ParameterName, 'Refuse any database but the one with this id')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'Configuration file instead of the user''s and the system''s')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Configuration file instead of the user''s and the system''s')
            [CompletionResult]::new('-C', '-C ', [CompletionResultType]::ParameterName, 'Company whose accounts, clients and posts the command works on')
            [CompletionResult]::new('--company', '--company', [CompletionResultType]::ParameterName, 'Company whose accounts, clients and posts the command works on')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Output format [default: table on a terminal, else tsv]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Output format [default: table on a terminal, else tsv]')
            [CompletionResult]::new('--tz', '--tz', [CompletionResultType]::ParameterName, 'Time zone in which civil times are read and shown [default: UTC]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour [default: auto]')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'Log format on standard error [default: text on a terminal, else json]')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'How long to wait for the database [default: 10s]')
            [CompletionResult]::new('--insecure-config', '--insecure-config', [CompletionResultType]::ParameterName, 'Accept files with secrets that others can read')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Same as -o json')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print less')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print less')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print more; twice for everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print more; twice for everything')
            [CompletionResult]::new('-y', '-y', [CompletionResultType]::ParameterName, 'Answer every confirmation with yes')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Answer every confirmation with yes')
            [CompletionResult]::new('--no-input', '--no-input', [CompletionResultType]::ParameterName, 'Never ask; fail where an answer is needed')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'Check and show what would happen, change nothing')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Check and show what would happen, change nothing')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'socialsched;man' {
            [CompletionResult]::new('--dir', '--dir', [CompletionResultType]::ParameterName, 'Directory to write to; it is created if it is missing')
            [CompletionResult]::new('--database-url', '--database-url', [CompletionResultType]::ParameterName, 'Database: sqlite:///path/to/file, mysql://… or postgres://user@host/name')
            [CompletionResult]::new('--expect-instance', '--expect-instance', [CompletionResultType]::ParameterName, 'Refuse any database but the one with this id')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'Configuration file instead of the user''s and the system''s')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Configuration file instead of the user''s and the system''s')
            [CompletionResult]::new('-C', '-C ', [CompletionResultType]::ParameterName, 'Company whose accounts, clients and posts the command works on')
            [CompletionResult]::new('--company', '--company', [CompletionResultType]::ParameterName, 'Company whose accounts, clients and posts the command works on')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Output format [default: table on a terminal, else tsv]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Output format [default: table on a terminal, else tsv]')
            [CompletionResult]::new('--tz', '--tz', [CompletionResultType]::ParameterName, 'Time zone in which civil times are read and shown [default: UTC]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour [default: auto]')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'Log format on standard error [default: text on a terminal, else json]')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'How long to wait for the database [default: 10s]')
            [CompletionResult]::new('--insecure-config', '--insecure-config', [CompletionResultType]::ParameterName, 'Accept files with secrets that others can read')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Same as -o json')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print less')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print less')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print more; twice for everything')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print more; twice for everything')
            [CompletionResult]::new('-y', '-y', [CompletionResultType]::ParameterName, 'Answer every confirmation with yes')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Answer every confirmation with yes')
            [CompletionResult]::new('--no-input', '--no-input', [CompletionResultType]::ParameterName, 'Never ask; fail where an answer is needed')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'Check and show what would happen, change nothing')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Check and show what would happen, change nothing')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'socialsched;help' {
            [CompletionResult]::new('schedule', 'schedule', [CompletionResultType]::ParameterValue, 'Schedule a post')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List posts')
            [CompletionResult]::new('show', 'show', [CompletionResultType]::ParameterValue, 'Show a post with every attempt')
            [CompletionResult]::new('cancel', 'cancel', [CompletionResultType]::ParameterValue, 'Cancel pending posts')
            [CompletionResult]::new('reschedule', 'reschedule', [CompletionResultType]::ParameterValue, 'Move a pending post to another time')
            [CompletionResult]::new('retry', 'retry', [CompletionResultType]::ParameterValue, 'Try failed posts again, now')
            [CompletionResult]::new('accounts', 'accounts', [CompletionResultType]::ParameterValue, 'List, add, change, pause, resume and remove social accounts')
            [CompletionResult]::new('clients', 'clients', [CompletionResultType]::ParameterValue, 'List, add and remove the agency''s clients')
            [CompletionResult]::new('queue-status', 'queue-status', [CompletionResultType]::ParameterValue, 'Show the state of the queue')
            [CompletionResult]::new('recover', 'recover', [CompletionResultType]::ParameterValue, 'Recover after crashes, and settle unknown outcomes')
            [CompletionResult]::new('run-worker', 'run-worker', [CompletionResultType]::ParameterValue, 'Publish due posts')
            [CompletionResult]::new('migrate', 'migrate', [CompletionResultType]::ParameterValue, 'Create or update the database schema')
            [CompletionResult]::new('sandbox', 'sandbox', [CompletionResultType]::ParameterValue, 'Run a local stand-in for the platforms'' publishing APIs')
            [CompletionResult]::new('demo', 'demo', [CompletionResultType]::ParameterValue, 'Show the program at work: publish posts to all three platforms')
            [CompletionResult]::new('simulate', 'simulate', [CompletionResultType]::ParameterValue, 'Kill workers at random, and compare every post with what is live')
            [CompletionResult]::new('completions', 'completions', [CompletionResultType]::ParameterValue, 'Print the completion script of a shell')
            [CompletionResult]::new('man', 'man', [CompletionResultType]::ParameterValue, 'Write the manual pages')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'socialsched;help;schedule' {
            break
        }
        'socialsched;help;list' {
            break
        }
        'socialsched;help;show' {
            break
        }
        'socialsched;help;cancel' {
            break
        }
        'socialsched;help;reschedule' {
            break
        }
        'socialsched;help;retry' {
            break
        }
        'socialsched;help;accounts' {
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List accounts')
            [CompletionResult]::new('add', 'add', [CompletionResultType]::ParameterValue, 'Add an account')
            [CompletionResult]::new('set', 'set', [CompletionResultType]::ParameterValue, 'Change an account; its posts stay as they are')
            [CompletionResult]::new('pause', 'pause', [CompletionResultType]::ParameterValue, 'Stop publishing to an account until it is resumed')
            [CompletionResult]::new('resume', 'resume', [CompletionResultType]::ParameterValue, 'Publish to an account again')
            [CompletionResult]::new('remove', 'remove', [CompletionResultType]::ParameterValue, 'Remove an account that has no open posts')
            break
        }
        'socialsched;help;accounts;list' {
            break
        }
        'socialsched;help;accounts;add' {
            break
        }
        'socialsched;help;accounts;set' {
            break
        }
        'socialsched;help;accounts;pause' {
            break
        }
        'socialsched;help;accounts;resume' {
            break
        }
        'socialsched;help;accounts;remove' {
            break
        }
        'socialsched;help;clients' {
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List clients with their accounts')
            [CompletionResult]::new('add', 'add', [CompletionResultType]::ParameterValue, 'Add a client')
            [CompletionResult]::new('remove', 'remove', [CompletionResultType]::ParameterValue, 'Remove a client that has neither accounts nor posts')
            break
        }
        'socialsched;help;clients;list' {
            break
        }
        'socialsched;help;clients;add' {
            break
        }
        'socialsched;help;clients;remove' {
            break
        }
        'socialsched;help;queue-status' {
            break
        }
        'socialsched;help;recover' {
            break
        }
        'socialsched;help;run-worker' {
            break
        }
        'socialsched;help;migrate' {
            break
        }
        'socialsched;help;sandbox' {
            break
        }
        'socialsched;help;demo' {
            break
        }
        'socialsched;help;simulate' {
            break
        }
        'socialsched;help;completions' {
            break
        }
        'socialsched;help;man' {
            break
        }
        'socialsched;help;help' {
            break
        }
    })

    $completions.Where{ $_.CompletionText -like "$wordToComplete*" } |
        Sort-Object -Property ListItemText
}
