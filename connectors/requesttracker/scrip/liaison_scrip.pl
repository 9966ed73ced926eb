# A scrip for Request Tracker 5: after each change of a ticket it tells Liaison's gateway which ticket changed and by whom.
#
#   rt-setup-database --action insert --datafile liaison_scrip.pl --skip-create     (README.md beside it: all steps)
#
# Where to and the secret stand in RT_SiteConfig.pm, so that neither is in RT's database:
#
#   Set($LiaisonURL,    'https://liaison.example.com/hooks/requesttracker/support');
#   Set($LiaisonSecret, 'whsec_...');
#
# It goes by batch, when everything of the request is committed: told earlier, Liaison could read the ticket as it was. It
# signs as Standard Webhooks (HMAC-SHA256 over id, time and body), sends no customer's words, waits 3 s at most, and never
# stops RT: what it could not tell is found by polling.

our @Scrips = (
    {   Description       => 'Liaison webhook',
        Queue             => 0,
        ScripCondition    => 'On Transaction',
        ScripAction       => 'User Defined',
        Template          => 'Blank',
        Stage             => 'TransactionBatch',
        CustomPrepareCode => 'return 1;',
        CustomCommitCode  => <<'COMMIT',
my $url    = RT->Config->Get('LiaisonURL');
my $secret = RT->Config->Get('LiaisonSecret');
unless ( $url and $secret ) {
    RT->Logger->error('Liaison webhook: set $LiaisonURL and $LiaisonSecret in RT_SiteConfig.pm');
    return 1;
}

require Digest::SHA;
require HTTP::Request;
require JSON;
require LWP::UserAgent;
require MIME::Base64;

# A batch is applied once for each scrip: every transaction of it is told in one call.
my $batch = $self->TicketObj->TransactionBatch || [ $self->TransactionObj ];
my @transactions = map {
    {   id      => $_->Id + 0,
        type    => $_->Type,
        field   => $_->Field // '',
        creator => $_->CreatorObj->Name,
        at      => $_->CreatedObj->W3CDTF( Timezone => 'UTC' ),
    }
} @$batch;
my $ticket = $self->TicketObj->Id + 0;
my $status = $self->TicketObj->__Value('Status');
my $body   = JSON->new->ascii->canonical->encode(
    { source => 'liaison-scrip', version => 1, ticket => $ticket, status => $status, transactions => \@transactions } );

my $id   = join '-', 'rt', $ticket, map { $_->{id} } @transactions[ 0, -1 ];
my $time = time;
my $key  = $secret =~ /^whsec_(.+)$/ ? MIME::Base64::decode_base64($1) : $secret;
my $signature = Digest::SHA::hmac_sha256_base64( "$id.$time.$body", $key );
$signature .= '=' while length($signature) % 4;

my $answer = LWP::UserAgent->new( timeout => 3, max_redirect => 0 )->request(
    HTTP::Request->new(
        POST => $url,
        [   'Content-Type'      => 'application/json',
            'webhook-id'        => $id,
            'webhook-timestamp' => $time,
            'webhook-signature' => "v1,$signature",
        ],
        $body
    )
);
RT->Logger->warning( "Liaison webhook: ticket $ticket not told: " . $answer->code ) unless $answer->is_success;
return 1;
COMMIT
    },
);

1;
