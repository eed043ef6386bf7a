// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.examples.docs;

import java.io.IOException;
import java.io.StringWriter;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import javax.tools.JavaCompiler;
import javax.tools.ToolProvider;

/** The Java blocks of a Markdown page: each is compiled as the body of a method and can be run. */
final class JavaSnippets {

  private static final Pattern BLOCK = Pattern.compile("(?ms)^```java\\R(.*?)^```");

  private final List<String> blocks;

  private JavaSnippets(List<String> blocks) {
    this.blocks = blocks;
  }

  static JavaSnippets of(Path page) throws IOException {
    List<String> blocks = new ArrayList<>();
    Matcher matcher = BLOCK.matcher(Files.readString(page));
    while (matcher.find()) {
      blocks.add(matcher.group(1));
    }
    return new JavaSnippets(blocks);
  }

  List<String> blocks() {
    return blocks;
  }

  /**
   * Compiles the blocks into methods {@code block0}, {@code block1}, ... of one class.
   *
   * @param imports classes and packages that the blocks use
   * @param parameters of each method: what the text around the blocks takes as given
   */
  Class<?> compile(Path directory, List<String> imports, String parameters) throws Exception {
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
    return Class.forName(
        "Snippets", true, new URLClassLoader(new URL[] {directory.toUri().toURL()}));
  }

  private static String classPath() {
    return List.of(
            System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")))
        .stream()
        .collect(Collectors.joining(System.getProperty("path.separator")));
  }
}
