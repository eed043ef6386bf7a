// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.spark;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.apache.logging.log4j.Level;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.core.LogEvent;
import org.apache.logging.log4j.core.Logger;
import org.apache.logging.log4j.core.appender.AbstractAppender;
import org.apache.logging.log4j.core.config.Property;

/** What a class warns of, from now until this is closed. */
final class LoggedWarnings implements AutoCloseable {

  private static final class Messages extends AbstractAppender {

    private final List<String> messages = new CopyOnWriteArrayList<>();

    Messages() {
      super("messages", null, null, false, Property.EMPTY_ARRAY);
    }

    @Override
    public void append(LogEvent event) {
      messages.add(event.getMessage().getFormattedMessage());
    }
  }

  private final Logger logger;
  private final Level before;
  private final Messages appender = new Messages();

  LoggedWarnings(Class<?> source) {
    logger = (Logger) LogManager.getLogger(source);
    before = logger.getLevel();
    appender.start();
    logger.addAppender(appender);
    logger.setLevel(Level.WARN);
  }

  List<String> with(String text) {
    return appender.messages.stream().filter(message -> message.contains(text)).toList();
  }

  @Override
  public void close() {
    logger.setLevel(before);
    logger.removeAppender(appender);
    appender.stop();
  }
}
