# SPDX-License-Identifier: MIT
# Sisimai over one mbox: how many facts it finds.
use strict;
use warnings;
use Sisimai;
my $facts = Sisimai->make($ARGV[0], delivered => 1);
printf "Sisimai %s: %d facts\n", $Sisimai::VERSION, $facts ? scalar @$facts : 0;
