#!/usr/bin/perl
# The checks of what a compiler does not see. Usage: checks.pl ROOT [CHECK…]. Needs only Debian's perl-base.
# Prints each fault as `file:line: sentence`, then `ok CHECK` or `FAILED CHECK` per check; exit code 1 on a fault.
# The rules stand in include_rules.txt and code_rules.txt beside this file, or in ROOT/tests/checks where it has them.
use strict;
use warnings;
use utf8;
binmode STDOUT, ':utf8';  # :encoding would need a module that perl-base lacks

my $root = shift @ARGV or die "checks.pl ROOT [CHECK…]\n";
my ($here) = $0 =~ m{^(.*)/} ? $1 : '.';
chdir $root or die "checks.pl: no folder $root\n";
$here = 'tests/checks' if -d 'tests/checks';
my $faults_here = 'tests/checks/faults';

my @faults;
sub fault { my ($file, $line, $sentence) = @_; push @faults, "$file:$line: $sentence"; }

sub read_text {
  my ($file) = @_;
  open my $in, '<:raw', $file or die "checks.pl: cannot read $file: $!\n";
  local $/;
  my $text = <$in>;
  $text = '' unless defined $text;
  utf8::decode($text) or fault($file, 1, 'is not UTF-8.');
  return $text;
}

# Files below the folders whose names end so, sorted; planted faults, builds and foreign packages left out.
sub files_below {
  my ($pattern, @folders) = @_;
  my @found;
  my @open = grep { -d } @folders;
  while (defined(my $folder = shift @open)) {
    opendir my $dir, $folder or next;
    for my $name (sort readdir $dir) {
      next if $name =~ /^\.\.?$/;
      utf8::decode($name);
      my $path = $folder eq '.' ? $name : "$folder/$name";
      next if $path eq $faults_here || $name =~ /^(node_modules|build|\.git|data|artefacts)$/;
      if (-d $path) { push @open, $path unless -l $path }
      elsif ($path =~ $pattern) { push @found, $path }
    }
  }
  return sort @found;
}
my @sources = files_below(qr/\.(h|cc)$/, 'src', 'tests', 'bench');
sub is_test { $_[0] =~ m{_test\.(?:h|cc)$|^tests/|_test_[a-z_]*\.(h|cc)$|/test_[a-z_]*\.(h|cc)$|/testing/} }

# The text with comments blanked out and, on demand, the contents of literals too. Lines keep their numbers.
sub code_of {
  my ($text, $blank_literals) = @_;
  my $blank = sub { my $t = shift; $t =~ s/[^\n]/ /g; $t };
  $text =~ s{
      (?<comment> //[^\n]* | /\*.*?\*/ )
    | (?<literal> \bR"(?<mark>[^()\\\s]*)\(.*?\)\k<mark>" | "(?:\\.|[^"\\\n])*" | '(?:\\.|[^'\\\n])*' )
    | (?<other> (?<!\w)\d(?:'?[\w.])* | (?!R")[A-Za-z_]\w* )
  }{
    my ($comment, $literal) = ($+{comment}, $+{literal});
    defined $comment ? $blank->($comment) : defined $literal && $blank_literals ? '"' . $blank->(substr $literal, 1, -1) . '"' : $&
  }gsex;
  return $text;
}

sub glob_matches {
  my ($path, $glob) = @_;
  my $pattern = join '.*', map { quotemeta } split /\*/, $glob, -1;
  return $path =~ /^$pattern$/;
}

sub includes_of {  # [line, header, quoted?]…
  my ($file) = @_;
  my (@found, $n);
  # Inside raw literals an #include is text (a test of this kind of check), so literals are looked at with comments gone.
  for my $line (split /\n/, code_of(read_text($file), 0)) {
    $n++;
    push @found, [$n, $2, $1 eq '"'] if $line =~ /^\s*#\s*include\s*([<"])([^>"]+)[>"]/;
  }
  return @found;
}

my %checks;

# --- include directions and heavy headers -----------------------------------------------------------------------------
$checks{include_rules} = sub {
  my (%may, @only, @heavy, %never);
  my $n = 0;
  for (split /\n/, read_text("$here/include_rules.txt")) {
    $n++;
    next if /^\s*(#|$)/;
    if (/^folder\s+(\w+):\s*(.*)$/) { $may{$1} = { map { $_ => 1 } $1, split ' ', $2 } }
    elsif (/^only\s+(\S+):\s*(.+)$/) { push @only, [$1, split ' ', $2] }
    elsif (/^heavy\s+(.+?):\s*(\S.*)$/) { push @heavy, [[split ' ', $1], [split ' ', $2]] }
    elsif (/^never\s+(\S+):\s*(.+)$/) { $never{$1} = $2 }
    else { fault("$here/include_rules.txt", $n, 'is not a rule this check knows.') }
  }
  for my $file (@sources) {
    my ($folder) = $file =~ m{^src/([^/]+)/};
    if (defined $folder && !$may{$folder}) { fault($file, 1, "lies in src/$folder, which include_rules.txt does not name."); next }
    for (includes_of($file)) {
      my ($line, $header, $quoted) = @$_;
      for my $never (sort keys %never) {
        fault($file, $line, "includes $header: $never{$never}.") if $header eq $never || $header =~ m{^\Q$never\E/};
      }
      for my $rule (@heavy) {
        my ($prefixes, $places) = @$rule;
        next unless grep { index($header, $_) == 0 } @$prefixes;
        # Tests and benchmarks may use what they measure against, but a header that others include never may.
        next if $file =~ /\.cc$/ && (is_test($file) || $file =~ m{^bench/});
        fault($file, $line, "includes the heavy header $header; only " . join(', ', @$places) . ' may.')
          unless grep { $file =~ /\.h$/ ? $file eq $_ : glob_matches($file, $_) } @$places;
      }
      next unless $quoted;
      my ($of) = $header =~ m{^([^/]+)/};
      if (defined $folder && !defined $of) { fault($file, $line, "includes \"$header\"; write the path from src/ on."); next }
      next unless defined $folder && -d "src/$of";
      fault($file, $line, "$folder may not include $of (\"$header\"); a new arrow needs a decision record.") unless $may{$folder}{$of};
      fault($file, $line, "includes \"$header\", which is not there.") unless -f "src/$header";
      for my $rule (@only) {
        my ($prefix, @places) = @$rule;
        next if is_test($file) || index($header, $prefix) != 0;
        fault($file, $line, "includes \"$header\"; only " . join(', ', @places) . ' may name it.') unless grep { index($file, "$_/") == 0 } @places;
      }
    }
  }
};

# --- words that must not stand in the code -----------------------------------------------------------------------------
$checks{code_rules} = sub {
  my @rules;
  my $n = 0;
  for (split /\n/, read_text("$here/code_rules.txt")) {
    $n++;
    next if /^\s*(#|$)/;
    if (/^(src|tests|all)\s+(\w+\(?)\s+(.+?);\s*allowed:\s*(.*)$/) { push @rules, { where => $1, word => $2, reason => $3, allowed => [split ' ', $4] } }
    else { fault("$here/code_rules.txt", $n, 'is not a rule this check knows.') }
  }
  for my $rule (@rules) {
    my ($word, $call) = $rule->{word} =~ /^(\w+)(\(?)$/;
    $rule->{pattern} = $call ? qr/(?<![\w.>])\Q$word\E\s*\(/ : qr/(?<!\w)\Q$word\E(?!\w)/;
  }
  for my $file (@sources) {
    my $test = is_test($file);
    my @apply = grep { !($_->{where} eq 'src' && ($test || $file =~ m{^bench/})) && !($_->{where} eq 'tests' && !$test) } @rules;
    @apply = grep { my $rule = $_; !grep { glob_matches($file, $_) } @{ $rule->{allowed} } } @apply;
    my $line = 0;
    for my $code (split /\n/, code_of(read_text($file), 1)) {
      $line++;
      next if $code =~ /^\s*#\s*include/;
      for my $rule (@apply) { fault($file, $line, "uses $rule->{word}: $rule->{reason}.") if $code =~ $rule->{pattern} }
    }
  }
};

# --- no document's title, number or term in C++ ------------------------------------------------------------------------
# From packs/*/pack.yaml: every value of document and title (at any depth), of the list sources, and of the list terms.
sub pack_words {
  my ($file) = @_;
  my (@words, $block);
  my $plain = sub { my $v = shift; $v =~ s/^\s+|\s+$//g; $v =~ s/^(["'])(.*)\1$/$2/; $v };
  my $n = 0;
  for my $line (split /\n/, read_text($file)) {
    $n++;
    next if $line =~ /^\s*(#|$)/;
    $block = undef if $line =~ /^\S/ && $line !~ /^-/;
    while ($line =~ /(?:^|[\s{,-])(document|title)\s*:\s*("[^"]*"|'[^']*'|[^,}\n]+)/g) { push @words, [$n, $1, $plain->($2)] }
    if ($line =~ /^(terms|sources)\s*:\s*(.*)$/) {
      my $kind = $1;
      $block = $kind;
      my $rest = $2;
      if ($rest =~ /^\[(.*)\]/) { push @words, map { [$n, 'term', $plain->($_)] } split /,/, $1 }
      elsif ($rest =~ /^\{(.*)\}/) { push @words, map { my (undef, $v) = split /:/, $_, 2; [$n, 'source', $plain->($v // '')] } split /,/, $1 }
    } elsif (defined $block && $block eq 'terms' && $line =~ /^\s*-\s*(.+)$/) { push @words, map { [$n, 'term', $plain->($_)] } split /,/, $1 =~ s/^\[(.*)\]$/$1/r }
    elsif (defined $block && $block eq 'sources' && $line =~ /^\s+([^\s:{-][^:]*):\s*([^{\[]+)$/ && $1 ne 'title') { push @words, [$n, 'source', $plain->($2)] }
  }
  # Words of one or two letters (a year, 长) say nothing about a document.
  return grep { length $_->[2] >= 3 } @words;
}
$checks{pack_words} = sub {
  my %words;
  for my $file (files_below(qr{^packs/[^/]+/pack\.yaml$}, 'packs')) {
    $words{ $_->[2] } = "$_->[1] in $file" for grep { $_->[1] ne 'source' || length $_->[2] >= 4 } pack_words($file);
  }
  for my $file (grep { m{^src/} && !is_test($_) } @sources) {
    my $line = 0;
    for my $code (split /\n/, code_of(read_text($file), 0)) {
      $line++;
      for my $word (sort keys %words) { fault($file, $line, "says \"$word\", which is a $words{$word}: it belongs in the pack.") if index($code, $word) >= 0 }
    }
  }
};

# --- names, size, dead files -------------------------------------------------------------------------------------------
$checks{names} = sub {
  for my $file (@sources) {
    fault($file, 1, 'has a name that is not lower_snake_case.') unless $file =~ m{^(?:[a-z][a-z0-9_]*/)*[a-z][a-z0-9_]*\.(?:h|cc)$};
  }
  for my $file (files_below(qr{^docs/decisions/}, 'docs/decisions')) {
    fault($file, 1, 'is not named NNNN-what-was-decided.md.') unless $file =~ m{/\d{4}-[a-z0-9-]+\.md$} || $file =~ m{/README\.md$};
  }
  my %number;
  for my $file (files_below(qr{^docs/decisions/\d}, 'docs/decisions')) {
    my ($number) = $file =~ m{/(\d+)-};
    fault($file, 1, "has the number of $number{$number}.") if defined $number && $number{$number};
    $number{$number} = $file if defined $number;
  }
};

$checks{dead_files} = sub {
  my %included;
  for my $file (@sources) { $included{ $_->[1] } = 1 for includes_of($file) }
  my $cmake = join '', map { read_text($_) } grep { -f } 'CMakeLists.txt', glob('cmake/*.cmake');
  for my $file (@sources) {
    my $text = read_text($file);
    fault($file, 1, 'is empty.') if code_of($text, 1) !~ /\S/;
    next unless $file =~ m{^src/(.+\.h)$};
    my $header = $1;
    fault($file, 1, 'is included by no file.') unless $included{$header} || index($cmake, $header) >= 0;
    fault($file, 1, 'has no #pragma once.') unless $text =~ /^#pragma once/m;
  }
};

# A long file is a warning, not a fault: a long flat table may be the clearest way.
$checks{length} = sub {
  for my $file (grep { m{^src/} } @sources) {
    my $lines = () = read_text($file) =~ /\n/g;
    print "warning: $file has $lines lines; over 900 it is hard to read. Split it by thought.\n" if $lines > 900;
  }
};

# --- links in the documents --------------------------------------------------------------------------------------------
sub anchors_of {
  my ($file) = @_;
  my (%anchors, $fenced);
  for (split /\n/, read_text($file)) {
    if (/^\s*```/) { $fenced = !$fenced; next }
    next if $fenced;
    $anchors{$1} = 1 while /<a (?:id|name)="([^"]+)"/g;
    next unless /^#+\s+(.*?)\s*#*$/;
    my $anchor = lc $1;
    $anchor =~ s/\[([^\]]*)\]\([^)]*\)/$1/g;
    $anchor =~ s/[^\w\s-]//g;
    $anchor =~ s/\s/-/g;
    $anchors{$anchor} = 1;
  }
  return \%anchors;
}
$checks{links} = sub {
  for my $file (files_below(qr/\.md$/, '.')) {
    next if $file =~ m{\.table\.md$};
    my ($folder) = $file =~ m{^(.*)/} ? $1 : '.';
    my ($n, $fenced) = (0, 0);
    for my $line (split /\n/, read_text($file)) {
      $n++;
      if ($line =~ /^\s*```/) { $fenced = !$fenced; next }
      next if $fenced;
      (my $text = $line) =~ s/`[^`]*`//g;
      while ($text =~ /\]\(\s*<?([^()\s>]+(?:\([^()\s]*\))?)>?(?:\s+"[^"]*")?\s*\)/g) {
        my $target = $1;
        next if $target =~ m{^(?:[a-z]+:)?//|^mailto:};
        my ($path, $anchor) = split /#/, $target, 2;
        $path =~ s/%20/ /g;
        my $full = $path eq '' ? $file : $path =~ m{^/} ? substr($path, 1) : $folder eq '.' ? $path : "$folder/$path";
        1 while $full =~ s{(^|/)(?!\.\./)[^/]+/\.\./}{$1};
        if (!-e $full) { fault($file, $n, "links to $target, which is not there."); next }
        fault($file, $n, "links to $target, but $full has no such heading.") if defined $anchor && $anchor ne '' && $full =~ /\.md$/ && !anchors_of($full)->{ lc $anchor };
      }
    }
  }
};

# --- layout ------------------------------------------------------------------------------------------------------------
$checks{format} = sub {
  my @files = @sources or return;
  if (system('sh -c "command -v clang-format" >/dev/null 2>&1') != 0) { fault('.clang-format', 1, 'cannot be applied: clang-format is missing (apt-get install clang-format).'); return }
  my $list = join ' ', map { "'$_'" } @files;
  my %seen;
  for (split /\n/, `clang-format --dry-run $list 2>&1`) {
    my ($file, $line) = /^([^:]+):(\d+):\d+: (?:warning|error)/ or next;
    fault($file, $line, 'is laid out otherwise than .clang-format says; run ./dev fmt.') unless $seen{$file}++;
  }
};

my @names = @ARGV ? @ARGV : sort keys %checks;
my $bad = 0;
for my $name (@names) {
  die "checks.pl: there is no check $name; known: " . join(' ', sort keys %checks) . "\n" unless $checks{$name};
  @faults = ();
  $checks{$name}->();
  print "$_\n" for @faults;
  print @faults ? "FAILED $name (" . @faults . ")\n" : "ok $name\n";
  $bad ||= @faults > 0;
}
exit($bad ? 1 : 0);
