// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.train.record;

import io.github.ema4j.train.error.UserError;

/**
 * Keeps what a run reports while it goes on. What a call was given is in the file when it returns,
 * so that a process that is killed loses nothing that it had reported. Not thread-safe.
 */
public interface RunRecorder extends AutoCloseable {
  /**
   * Records one iteration; not every one need be recorded.
   *
   * @param epoch that it belongs to, from 1
   * @param iteration since training began, from 1
   * @param loss of its mini-batch; may be NaN or infinite
   * @param learningRate that it was made with
   * @param imagesPerSecond since the last report; NaN if not known
   * @throws UserError if it cannot be written, because the disk is full for example; what was
   *     recorded before is still there
   */
  void iteration(
      int epoch, long iteration, double loss, double learningRate, double imagesPerSecond);

  /**
   * Records the end of an epoch.
   *
   * @throws UserError as above
   */
  void epoch(EpochResult result);

  /**
   * Ends the recording; closing twice is as closing once.
   *
   * @throws UserError as above
   */
  @Override
  void close();
}
