// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** With a clock that the test moves. */
class RoundClockTest {

  private long now = 1_000_000_007;
  private final RoundClock clock = clock(Optional.empty());

  private RoundClock clock(Optional<Duration> atFirst) {
    return new RoundClock(
        new RoundClock.Settings("the results", Duration.ofSeconds(10), atFirst, "120s"), () -> now);
  }

  private void pass(double seconds) {
    now += (long) (seconds * 1e9);
  }

  /** Lines that come in so many seconds, with the second in which each does. */
  private List<String> lines(RoundClock of, int seconds, Runnable everySecond) {
    List<String> lines = new ArrayList<>();
    for (int second = 1; second <= seconds; second++) {
      pass(1);
      everySecond.run();
      int at = second;
      of.overdue().ifPresent(line -> lines.add(at + ": " + line));
    }
    return lines;
  }

  private static List<Integer> times(List<String> lines) {
    return lines.stream().map(line -> Integer.valueOf(line.split(":", 2)[0])).toList();
  }

  private void rounds(int count, double seconds) {
    for (int i = 0; i < count; i++) {
      clock.begin("Round " + i);
      pass(seconds);
      assertEquals(Optional.empty(), clock.came());
      clock.end();
    }
  }

  @Test
  void aSlowRoundIsSaidAfterAFewSecondsWithWhatIsMissing() {
    rounds(3, 0.9);
    clock.begin("Round 4");
    clock.taskStarted(7, "0", "node2");
    clock.taskStarted(8, "1", "node3");
    pass(0.5);
    clock.taskEnded(7);
    clock.heard("1");
    List<String> lines = lines(clock, 5, () -> {});
    assertEquals(
        List.of(
            "5: Round 4 has waited for the results for 5.5 s, which took 0.9 s before. Not done: executor 1 on node3 (at work for 5.5 s, last heard of 5.0 s ago). Spark gives up an executor that is silent for spark.network.timeout=120s"),
        lines);
  }

  @Test
  void theNextLineComesWhenTwiceTheTimeHasGoneBy() {
    rounds(1, 0.1);
    clock.begin("Round 2");
    assertEquals(List.of(5, 10, 20, 40, 80, 160), times(lines(clock, 200, () -> {})));
    pass(0.4);
    assertEquals(Optional.of("Round 2 has the results, after 200 s"), clock.came());
    clock.begin("Round 3");
    assertEquals(List.of(5), times(lines(clock, 9, () -> {})), "as for any other");
  }

  @Test
  void longRoundsAreNotSlow() {
    rounds(9, 60);
    clock.begin("Round 10");
    clock.taskStarted(1, "0", "node2");
    assertEquals(List.of(180), times(lines(clock, 190, () -> clock.heard("0"))));
  }

  @Test
  void oneThatWasSlowDoesNotMakeTheOthersSo() {
    rounds(4, 1);
    clock.begin("Round 5");
    pass(200);
    clock.came();
    clock.begin("Round 6");
    assertEquals(List.of(5), times(lines(clock, 6, () -> {})));
  }

  @Test
  void aSilentExecutorIsSaidHoweverLongARoundMayTake() {
    clock.begin("Round 1");
    clock.taskStarted(1, "0", "node2");
    clock.taskStarted(2, "1", "node3");
    List<String> lines = lines(clock, 30, () -> clock.heard("0"));
    assertEquals(List.of(26), times(lines), "two heartbeats and a half");
    assertTrue(
        lines.get(0).contains("executor 1 on node3 (at work for 26 s, last heard of 26 s ago)"),
        lines.get(0));
  }

  @Test
  void anExecutorThatIsLostIsSaidUntilTheRoundIsDone() {
    rounds(1, 0.1);
    clock.begin("Round 2");
    clock.taskStarted(1, "0", "node2");
    clock.taskStarted(2, "1", "node3");
    clock.taskEnded(1);
    clock.taskEnded(2);
    clock.lost("1");
    clock.lost("7"); // which has never had work
    List<String> lines = lines(clock, 5, () -> {});
    assertTrue(
        lines.get(0).contains("Lost: executor 1 on node3. No task is running. "), lines.get(0));
    clock.came();
    assertTrue(lines(clock, 5, () -> {}).stream().noneMatch(line -> line.contains("Lost")));
  }

  @Test
  void silenceOfAnExecutorWithoutWorkIsNotSaid() {
    clock.begin("Round 1");
    clock.taskStarted(1, "0", "node2");
    clock.taskEnded(1);
    assertEquals(List.of(), lines(clock, 100, () -> {}));
  }

  @Test
  void nothingIsSaidOfTheFirstRoundUnlessItIsKnownHowLongItMayTake() {
    clock.begin("Round 1");
    assertEquals(List.of(), lines(clock, 1000, () -> {}));
    RoundClock other = clock(Optional.of(Duration.ofSeconds(20)));
    other.begin("Fit 1");
    List<String> lines = lines(other, 39, () -> {});
    assertEquals(
        List.of(
            "20: Fit 1 has waited for the results for 20 s. No task is running. Spark gives up an executor that is silent for spark.network.timeout=120s"),
        lines);
  }

  @Test
  void betweenTwoRoundsNothingIsAwaited() {
    rounds(3, 0.1);
    assertEquals(List.of(), lines(clock, 100, () -> {}));
  }
}
