// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.train.chart;

import freemarker.core.HTMLOutputFormat;
import freemarker.template.Configuration;
import freemarker.template.TemplateException;
import freemarker.template.TemplateExceptionHandler;
import freemarker.template.TemplateModelException;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.util.Map;

/**
 * Fills in FreeMarker's templates, which lie beside the classes that use them. What is filled in is
 * escaped: text is never markup, whatever characters it has. Numbers have points in every country.
 */
public final class Markup {
  private static final Configuration TEMPLATES = configuration();

  private Markup() {}

  private static Configuration configuration() {
    Configuration configuration = new Configuration(Configuration.VERSION_2_3_34);
    configuration.setClassLoaderForTemplateLoading(
        Markup.class.getClassLoader(), "io/github/ema4j/train");
    configuration.setDefaultEncoding("UTF-8");
    configuration.setOutputFormat(HTMLOutputFormat.INSTANCE);
    configuration.setNumberFormat("computer");
    configuration.setTemplateExceptionHandler(TemplateExceptionHandler.RETHROW_HANDLER);
    configuration.setLogTemplateExceptions(false);
    configuration.setWrapUncheckedExceptions(true);
    try {
      configuration.setSharedVariable("darkBackground", Palette.DARK_BACKGROUND);
    } catch (TemplateModelException e) {
      throw new IllegalStateException(e); // not of a text
    }
    return configuration;
  }

  /**
   * Fills in a template.
   *
   * @param template its path below this program's package
   * @param values by the names that the template has for them
   */
  public static String of(String template, Map<String, ?> values) {
    StringWriter out = new StringWriter();
    try {
      TEMPLATES.getTemplate(template).process(values, out);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (TemplateException e) {
      throw new IllegalStateException(template + " does not fit what it is filled in with", e);
    }
    return out.toString();
  }

  /** The chart as a file of its own. */
  public static String svg(Chart chart) {
    return of("chart/file.ftlx", Map.of("chart", chart));
  }
}
