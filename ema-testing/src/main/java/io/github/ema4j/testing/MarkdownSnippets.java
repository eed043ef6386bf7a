// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.testing;

import java.io.IOException;
import java.io.StringWriter;
import java.lang.reflect.Method;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.tools.JavaCompiler;
import javax.tools.ToolProvider;

/** The Java blocks of a Markdown page: each is compiled as the body of a method and can be run. */
public final class MarkdownSnippets {

  private static final Pattern BLOCK = Pattern.compile("(?ms)^```java\\R(.*?)^```");

  private final List<String> blocks;

  private MarkdownSnippets(List<String> blocks) {
    this.blocks = blocks;
  }

  /** Reads a page. */
  public static MarkdownSnippets of(Path page) throws IOException {
    List<String> blocks = new ArrayList<>();
    Matcher matcher = BLOCK.matcher(Files.readString(page));
    while (matcher.find()) {
      blocks.add(matcher.group(1));
    }
    return new MarkdownSnippets(blocks);
  }

  /** The blocks, in the order of the page. */
  public List<String> blocks() {
    return blocks;
  }

  /**
   * Compiles the blocks into methods of one class, with the class path of the tests.
   *
   * @param directory an empty one, for the class
   * @param imports classes and packages that the blocks use
   * @param parameters of each method: what the text around the blocks takes as given
   * @return the blocks, in the order of the page, to be run
   */
  public List<Block> compile(Path directory, List<String> imports, String parameters)
      throws Exception {
    StringBuilder source = new StringBuilder();
    imports.forEach(i -> source.append("import ").append(i).append(";\n"));
    source.append("public class Snippets {\n");
    for (int i = 0; i < blocks.size(); i++) {
      source.append("public static void block%d(%s) throws Exception {\n".formatted(i, parameters));
      source.append(blocks.get(i)).append("}\n");
    }
    source.append("}\n");
    Path file = Files.writeString(directory.resolve("Snippets.java"), source);
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    StringWriter messages = new StringWriter();
    boolean compiled =
        compiler
            .getTask(
                messages,
                null,
                null,
                List.of("-cp", classPath(), "-d", directory.toString(), "-proc:none"),
                null,
                compiler.getStandardFileManager(null, null, null).getJavaFileObjects(file))
            .call();
    if (!compiled) {
      throw new AssertionError(messages + "\n" + source);
    }
    // Stays open: the class loads others while it runs.
    Class<?> snippets =
        Class.forName("Snippets", true, new URLClassLoader(new URL[] {directory.toUri().toURL()}));
    Method[] methods = new Method[blocks.size()];
    for (Method method : snippets.getDeclaredMethods()) {
      if (method.getName().matches("block\\d+")) {
        methods[Integer.parseInt(method.getName().substring("block".length()))] = method;
      }
    }
    return Arrays.stream(methods)
        .<Block>map(method -> given -> method.invoke(null, given))
        .toList();
  }

  private static String classPath() {
    return System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
  }

  /** A compiled block. */
  @FunctionalInterface
  public interface Block {

    /**
     * Runs it.
     *
     * @param given a value for each parameter
     * @throws Exception what it throws
     */
    void run(Object... given) throws Exception;
  }
}
