// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.train.images;

import java.util.ArrayDeque;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.FutureTask;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.nd4j.linalg.dataset.DataSet;

/**
 * One pass over batches, in their order, that workers load ahead: at most two batches for each
 * worker are loaded or being loaded. Not thread-safe.
 *
 * <p>The workers are daemon threads that end with the pass, and also, a second after their last
 * batch, when the reader of the batches has gone away without closing the pass.
 */
final class Pass implements AutoCloseable {
  private static final int AHEAD_OF_EACH_WORKER = 2;

  private final Batches batches;
  private final int ahead;
  private final Executor workers;
  private final AtomicBoolean closed = new AtomicBoolean();
  private final Queue<FutureTask<Optional<DataSet>>> loading = new ArrayDeque<>();
  private int next;

  Pass(Batches batches) {
    int count = batches.options().workers();
    this.batches = batches;
    this.ahead = Math.max(1, AHEAD_OF_EACH_WORKER * count);
    this.workers = count == 0 ? Runnable::run : workers(count);
  }

  private static ThreadPoolExecutor workers(int count) {
    ThreadPoolExecutor pool =
        new ThreadPoolExecutor(
            count, count, 1, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), Pass::worker);
    pool.allowCoreThreadTimeOut(true);
    return pool;
  }

  private static Thread worker(Runnable work) {
    Thread thread = new Thread(work, "image-loader");
    thread.setDaemon(true);
    return thread;
  }

  /**
   * The next batch with readable images, which it waits for; nothing after the last one. What goes
   * wrong in a worker is thrown here.
   */
  Optional<DataSet> next() {
    while (!closed.get()) {
      while (loading.size() < ahead && next < batches.count()) {
        int number = next++;
        FutureTask<Optional<DataSet>> task =
            new FutureTask<>(() -> batches.load(number, closed::get));
        loading.add(task);
        workers.execute(task);
      }
      if (loading.isEmpty()) {
        close();
      } else {
        Optional<DataSet> batch = finished(loading.remove());
        if (batch.isPresent()) {
          return batch;
        }
      }
    }
    return Optional.empty();
  }

  private Optional<DataSet> finished(FutureTask<Optional<DataSet>> task) {
    try {
      return task.get();
    } catch (ExecutionException e) {
      close();
      if (e.getCause() instanceof Error error) {
        throw error;
      }
      // Loading throws no checked exceptions.
      throw (RuntimeException) e.getCause();
    } catch (InterruptedException e) {
      close();
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while waiting for a batch", e);
    }
  }

  /** Ends the workers after the image that each is at. */
  @Override
  public void close() {
    closed.set(true);
    loading.clear();
    if (workers instanceof ThreadPoolExecutor pool) {
      pool.getQueue().clear();
      pool.shutdown();
    }
  }
}
