# What a run measured, as it is written for programs, and the limits that a run is checked against.
@0xe4621688def1aaba;

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("bench::schema");

struct Report {
  mode @0 :Text;          # "free" or "pinned"
  quick @1 :Bool;         # too few samples to rely on
  rounds @2 :UInt32;
  machine @3 :Text;
  build @4 :Text;
  rows @5 :List(Row);
  values @6 :List(Value);
}

struct Row {
  # Times are microseconds. A figure that doesn't apply is left out.
  name @0 :Text;
  title @1 :Text;
  samples @2 :UInt32;
  p50 @3 :Float64;
  p90 @12 :Float64;
  p99 @4 :Float64;
  p999 @13 :Float64;
  perSecond @5 :Float64;
  cpu @6 :Float64;        # CPU time of one call, both processes together
  base @7 :Text;          # the row that the ratio compares with
  ratio @8 :Float64;      # median over the rounds
  ratioLow @9 :Float64;   # the lowest and the highest round
  ratioHigh @10 :Float64;
  skipped @11 :Text;      # why nothing was measured
}

struct Value {
  name @0 :Text;
  title @1 :Text;
  unit @2 :Text;
  value @3 :Float64 = nan;
  plain @4 :Float64 = nan; # the same of plain Cap'n Proto
  ratio @5 :Float64;
  notes @6 :List(Text);
  skipped @7 :Text;
}

struct Limits {
  free @0 :List(Limit);
  pinned @1 :List(Limit);
}

struct Limit {
  row @0 :Text;           # name of a row or a value
  field @1 :Field;
  max @2 :Float64 = inf;
  min @3 :Float64 = -inf;
  recorded @4 :Float64 = nan; # for counts: what was measured once, which may be exceeded by 5 %
  spread @5 :Float64;         # the highest less the lowest of the runs that this is the median of
}

enum Field {
  ratio @0;
  p50 @1;
  p99 @2;
  tail @3;                # p99 to p50 of the same row
  perSecond @4;
  cpu @5;
  value @6;
}
