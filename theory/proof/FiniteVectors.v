(** * Coordinates of [R^n], vectors with named entries

    - [coordinates_diff], [coordinates_strict]: a function into [R^n] is differentiable, or
      strictly so, when its coordinates are;
    - [naming]: the names of the entries are distinct; then [Vectors names] has one entry for each
      of them ([vector_of_entry], [vector_ext]), inner products are sums over the names
      ([dot_sum], [weighted_sum]), and derivatives go entry by entry ([entries_diff],
      [entries_strict]);
    - [gradient_in_weighted]: the gradient in [weighted w] is the Euclidean one, divided by [w]. *)

From Coq Require Import Reals Lra List Lia PeanoNat FunctionalExtensionality.
From Coquelicot Require Import Coquelicot.
From CEP Require Import Algebra Limits Gradients AugmentedGradient Drift Layered.
Set Implicit Arguments.
Open Scope R_scope.

Local Notation R1 := R_NormedModule.

(** ** Sums over a list of names *)

Section Sums.
Variable A : Type.
Implicit Types (l : list A) (f g : A -> R).

Lemma sum_ext l f g : (forall k, In k l -> f k = g k) -> sum_over l f = sum_over l g.
Proof.
induction l as [|k l IH]; intros H; simpl. reflexivity.
rewrite (H k) by now left. rewrite IH; auto. intros; apply H; now right.
Qed.
Lemma sum_plus l f g : sum_over l (fun k => f k + g k) = sum_over l f + sum_over l g.
Proof. induction l as [|k l IH]; simpl. ring. rewrite IH. ring. Qed.
Lemma sum_scal l (c : R) f : sum_over l (fun k => c * f k) = c * sum_over l f.
Proof. induction l as [|k l IH]; simpl. ring. rewrite IH. ring. Qed.
Lemma sum_zero l : sum_over l (fun _ => 0) = 0.
Proof. induction l as [|k l IH]; simpl; lra. Qed.
Lemma sum_le l f g : (forall k, In k l -> f k <= g k) -> sum_over l f <= sum_over l g.
Proof.
induction l as [|k l IH]; intros H; simpl. lra.
apply Rplus_le_compat. apply H; now left. apply IH. intros; apply H; now right.
Qed.
Lemma sum_pos l f : (forall k, In k l -> 0 <= f k) -> 0 <= sum_over l f.
Proof. intros H. rewrite <- (sum_zero l). now apply sum_le. Qed.
Lemma sum_ge_term l f k : (forall k, In k l -> 0 <= f k) -> In k l -> f k <= sum_over l f.
Proof.
induction l as [|k' l IH]; intros H Hk; simpl. destruct Hk.
assert (P : 0 <= sum_over l f) by (apply sum_pos; intros; apply H; now right).
destruct Hk as [<-|Hk]. lra.
assert (f k <= sum_over l f) by (apply IH; auto; intros; apply H; now right).
assert (0 <= f k') by (apply H; now left). lra.
Qed.
Lemma sum_app l l' f : sum_over (l ++ l') f = sum_over l f + sum_over l' f.
Proof. induction l as [|k l IH]; simpl. ring. rewrite IH. ring. Qed.
Lemma sum_abs l f : Rabs (sum_over l f) <= sum_over l (fun k => Rabs (f k)).
Proof.
induction l as [|k l IH]; simpl. rewrite Rabs_R0. lra.
eapply Rle_trans. apply Rabs_triang. lra.
Qed.
Lemma sum_bound l f (c : R) : (forall k, In k l -> f k <= c) -> sum_over l f <= INR (length l) * c.
Proof.
induction l as [|k l IH]; intros H. simpl. lra.
change (length (k :: l)) with (S (length l)). rewrite S_INR. cbn [sum_over].
assert (f k <= c) by (apply H; now left).
assert (sum_over l f <= INR (length l) * c) by (apply IH; intros; apply H; now right). lra.
Qed.
End Sums.

Lemma sum_map (A B : Type) (h : B -> A) (l : list B) (f : A -> R) : sum_over (map h l) f = sum_over l (fun k => f (h k)).
Proof. induction l as [|k l IH]; simpl. reflexivity. now rewrite IH. Qed.
Lemma sum_flat_map (A B : Type) (h : B -> list A) (l : list B) (f : A -> R) :
  sum_over (flat_map h l) f = sum_over l (fun k => sum_over (h k) f).
Proof. induction l as [|k l IH]; simpl. reflexivity. now rewrite sum_app, IH. Qed.
Lemma sum_exchange (A B : Type) (l : list A) (l' : list B) (f : A -> B -> R) :
  sum_over l (fun a => sum_over l' (f a)) = sum_over l' (fun b => sum_over l (fun a => f a b)).
Proof.
induction l as [|k l IH]; simpl. symmetry; apply sum_zero. rewrite IH. symmetry. apply (sum_plus l' (f k)).
Qed.
(** A sum over the layers, seen from the layer above. *)
Lemma sum_below_S (n : nat) (f : nat -> R) : sum_below (S n) f = sum_below n f + f n.
Proof. unfold sum_below. rewrite seq_S, sum_app. simpl. ring. Qed.
Lemma sum_shift (n : nat) (f : nat -> R) : sum_below n (fun i => f (S i)) + f 0%nat = sum_below n f + f n.
Proof. induction n as [|n IH]. unfold sum_below; simpl. ring. rewrite !sum_below_S. lra. Qed.

Lemma sum_positions (A : Type) (names : list A) (f : A -> R) :
  sum_over names f = sum_below (length names) (fun i => match nth_error names i with Some k => f k | None => 0 end).
Proof.
unfold sum_below. induction names as [|k names IH]. reflexivity.
cbn [length seq sum_over]. rewrite <- seq_shift, sum_map. simpl. now rewrite IH.
Qed.

(** ** Coordinates of [R^(n+1)] *)

Lemma coordinate_linear n i : is_linear (U := Rn n) (V := R1) (coordinate n i).
Proof.
revert i. induction n as [|n IH]; intros [|i].
- apply is_linear_id.
- exact (@is_linear_zero R_AbsRing R1 R1).
- exact (@is_linear_fst R_AbsRing R1 (Rn n)).
- exact (@is_linear_comp R_AbsRing (Rn (S n)) (Rn n) R1 _ _ (@is_linear_snd R_AbsRing R1 (Rn n)) (IH i)).
Qed.
Lemma coordinate_of n : forall i f, (i <= n)%nat -> coordinate n i (of_coordinates n f) = f i.
Proof.
induction n as [|n IH]; intros [|i] f H; simpl; auto. lia. apply (IH i (fun i => f (S i))). lia.
Qed.
Lemma coordinate_beyond n : forall i v, (n < i)%nat -> coordinate n i v = 0.
Proof. induction n as [|n IH]; intros [|i] v H; simpl; auto; try lia. apply IH. lia. Qed.
Lemma coordinate_ext n : forall v w : Rn n, (forall i, (i <= n)%nat -> coordinate n i v = coordinate n i w) -> v = w.
Proof.
induction n as [|n IH]; intros v w H.
- exact (H 0%nat (le_n 0)).
- destruct v as [v0 v], w as [w0 w]. f_equal. exact (H 0%nat (Nat.le_0_l _)).
  apply IH. intros i Hi. exact (H (S i) (le_n_S _ _ Hi)).
Qed.
Lemma weighted_dot_sum n : forall w (x y : Rn n),
  weighted_dot n w x y = sum_below (S n) (fun i => w i * (coordinate n i x * coordinate n i y)).
Proof.
unfold sum_below. induction n as [|n IH]; intros w x y. { symmetry. apply Rplus_0_r. }
change (seq 0 (S (S n))) with (0%nat :: seq 1 (S n)). rewrite <- seq_shift.
cbn [sum_over]. rewrite sum_map. cbn [weighted_dot coordinate]. now rewrite IH.
Qed.
Lemma dot_weighted n : forall x y : Rn n, dot n x y = weighted_dot n (fun _ => 1) x y.
Proof.
induction n as [|n IH]; intros x y. { symmetry. apply Rmult_1_l. }
cbn [dot weighted_dot]. unfold product_inner. now rewrite IH, Rmult_1_l.
Qed.
Lemma coordinate_le_norm n : forall i (v : Rn n), Rabs (coordinate n i v) <= norm v.
Proof.
induction n as [|n IH]; intros [|i] v.
- apply Rle_refl.
- simpl. rewrite Rabs_R0. apply norm_ge_0.
- eapply Rle_trans. 2: exact (proj1 (@norm_prod R_AbsRing R1 (Rn n) (fst v) (snd v))). apply Rmax_l.
- eapply Rle_trans. apply (IH i (snd v)).
  eapply Rle_trans. 2: exact (proj1 (@norm_prod R_AbsRing R1 (Rn n) (fst v) (snd v))). apply Rmax_r.
Qed.

Lemma pair_norm (V W : NM) (a : V) (b : W) : norm ((a, b) : prod_NormedModule R_AbsRing V W) <= norm a + norm b.
Proof.
change (sqrt (norm a ^ 2 + norm b ^ 2) <= norm a + norm b).
assert (Ha := norm_ge_0 a). assert (Hb := norm_ge_0 b).
apply Rsqr_incr_0_var. 2: lra. unfold Rsqr. rewrite sqrt_sqrt by nra. nra.
Qed.

Section Coordinates.
Variables (U : NM) (p : U).

Lemma coordinates_diff n : forall (f l : U -> Rn n),
  (forall i, (i <= n)%nat -> filterdiff (V := R1) (fun u => coordinate n i (f u)) (locally p) (fun h => coordinate n i (l h))) ->
  filterdiff f (locally p) l.
Proof.
induction n as [|n IH]; intros f l H.
- exact (H 0%nat (le_n 0)).
- assert (D := filterdiff_pair (H 0%nat (Nat.le_0_l _)) (IH (fun u => snd (f u)) (fun h => snd (l h)) (fun i Hi => H (S i) (le_n_S _ _ Hi)))).
  apply (filterdiff_ext (fun u => (fst (f u), snd (f u)) : Rn (S n))). { intros u. symmetry. apply surjective_pairing. }
  eapply filterdiff_ext_lin. exact D. intros h. symmetry. apply surjective_pairing.
Qed.

Lemma strict_pair (V W : NM) (f lf : U -> V) (g lg : U -> W) :
  strictly_differentiable U V f p lf -> strictly_differentiable U W g p lg ->
  strictly_differentiable U (prod_NormedModule R_AbsRing V W) (fun u => (f u, g u)) p (fun h => (lf h, lg h)).
Proof.
intros [Lf Hf] [Lg Hg]. split. now apply is_linear_prod.
intros eps. destruct (Hf (pos_div_2 eps)) as [near [N1 N2]]. destruct (Hg (pos_div_2 eps)) as [near' [N1' N2']].
exists (fun x => near x /\ near' x). split. now apply filter_and.
intros x y [X X'] [Y Y']. specialize (N2 x y X Y). specialize (N2' x y X' Y'). simpl in N2, N2'.
set (a := minus (minus (f y) (f x)) (lf (minus y x))) in *. set (b := minus (minus (g y) (g x)) (lg (minus y x))) in *.
eapply Rle_trans. exact (@pair_norm V W a b). lra.
Qed.
Lemma coordinates_strict n : forall (f l : U -> Rn n),
  (forall i, (i <= n)%nat -> strictly_differentiable U R1 (fun u => coordinate n i (f u)) p (fun h => coordinate n i (l h))) ->
  strictly_differentiable U (Rn n) f p l.
Proof.
induction n as [|n IH]; intros f l H.
- exact (H 0%nat (le_n 0)).
- assert (D := strict_pair (H 0%nat (Nat.le_0_l _)) (IH (fun u => snd (f u)) (fun h => snd (l h)) (fun i Hi => H (S i) (le_n_S _ _ Hi)))).
  replace f with (fun u => (fst (f u), snd (f u)) : Rn (S n)) by (apply functional_extensionality; intros u; symmetry; apply surjective_pairing).
  replace l with (fun u => (fst (l u), snd (l u)) : Rn (S n)) by (apply functional_extensionality; intros u; symmetry; apply surjective_pairing).
  exact D.
Qed.
Lemma coordinates_ex_strict n : forall (f : U -> Rn n),
  (forall i, (i <= n)%nat -> exists l, strictly_differentiable U R1 (fun u => coordinate n i (f u)) p l) ->
  exists l, strictly_differentiable U (Rn n) f p l.
Proof.
induction n as [|n IH]; intros f H.
- exact (H 0%nat (le_n 0)).
- destruct (H 0%nat (Nat.le_0_l _)) as [l0 H0].
  destruct (IH (fun u => snd (f u)) (fun i Hi => H (S i) (le_n_S _ _ Hi))) as [l Hl].
  exists (fun h => (l0 h, l h)).
  replace f with (fun u => (fst (f u), snd (f u)) : Rn (S n)) by (apply functional_extensionality; intros u; symmetry; apply surjective_pairing).
  exact (strict_pair H0 Hl).
Qed.
End Coordinates.

(** ** Names *)

Record naming (A : Type) (same : A -> A -> bool) (names : list A) : Prop := {
  same_iff : forall a b, same a b = true <-> a = b;
  distinct : NoDup names;
  some_name : names <> nil }.

Section Named.
Variables (A : Type) (same : A -> A -> bool) (names : list A).
Hypothesis Hn : naming same names.
Local Notation V := (Vectors names).
Local Notation at_ v k := (entry same names v k).

Lemma length_names : length names = S (dimension names).
Proof. unfold dimension. assert (H := some_name Hn). destruct names as [|k l]. now destruct H. reflexivity. Qed.
Lemma position_nth i k : nth_error names i = Some k -> position same k names = i.
Proof.
assert (D := distinct Hn). assert (Q := same_iff Hn). clear -Q D. revert i. induction names as [|k' l IH]; intros i H. now destruct i.
inversion D as [|x y D1 D2 E]. subst. simpl. destruct i as [|i].
- injection H as ->. now rewrite (proj2 (Q k k) eq_refl).
- simpl in H. destruct (same k k') eqn:S.
  + apply Q in S. subst k'. exfalso. apply D1. exact (nth_error_In l i H).
  + f_equal. now apply IH.
Qed.
Lemma nth_position k : In k names -> nth_error names (position same k names) = Some k /\ (position same k names <= dimension names)%nat.
Proof.
intros H. destruct (In_nth_error names k H) as [i Hi]. rewrite (position_nth i Hi). split. exact Hi.
assert (i < length names)%nat by (apply nth_error_Some; congruence). rewrite length_names in H0. lia.
Qed.
Lemma nth_name i : (i <= dimension names)%nat -> exists k, nth_error names i = Some k /\ In k names.
Proof.
intros H. destruct (nth_error names i) as [k|] eqn:E.
- exists k. split. reflexivity. exact (nth_error_In names i E).
- apply nth_error_None in E. rewrite length_names in E. lia.
Qed.
Lemma entry_nth (v : V) i k : nth_error names i = Some k -> at_ v k = coordinate (dimension names) i v.
Proof. intros H. unfold entry. now rewrite (position_nth i H). Qed.

Lemma vector_of_entry (f : A -> R) k : In k names -> at_ (vector_of names f) k = f k.
Proof.
intros H. destruct (nth_position k H) as [E L]. unfold entry, vector_of. rewrite coordinate_of by auto. now rewrite E.
Qed.
Lemma vector_ext (v w : V) : (forall k, In k names -> at_ v k = at_ w k) -> v = w.
Proof.
intros H. apply coordinate_ext. intros i Hi. destruct (nth_name Hi) as [k [E I]].
rewrite <- !(entry_nth _ i E). now apply H.
Qed.
Lemma entry_zero k : at_ (zero : V) k = 0.
Proof. exact (linear_zero _ (coordinate_linear (dimension names) (position same k names))). Qed.
Lemma entry_linear k : is_linear (U := V) (V := R1) (fun v => at_ v k).
Proof. apply coordinate_linear. Qed.

Lemma weighted_sum (w : A -> R) (x y : V) : weighted names w x y = sum_over names (fun k => w k * (at_ x k * at_ y k)).
Proof.
unfold weighted. rewrite weighted_dot_sum, sum_positions, length_names. apply sum_ext. intros i Hi. apply in_seq in Hi.
destruct (@nth_name i) as [k [E I]]. lia. rewrite E, !(entry_nth _ i E). reflexivity.
Qed.
Lemma dot_sum (x y : V) : dot (dimension names) x y = sum_over names (fun k => at_ x k * at_ y k).
Proof.
rewrite dot_weighted, weighted_dot_sum, sum_positions, length_names. apply sum_ext. intros i Hi. apply in_seq in Hi.
destruct (@nth_name i) as [k [E I]]. lia. rewrite E, !(entry_nth _ i E). ring.
Qed.

(** The gradient in the weighted inner product is the Euclidean gradient, entry by entry
    divided by the weight. *)
Lemma gradient_in_weighted (w : A -> R) (f : V -> R) (p g g' : V) :
  (forall k, In k names -> w k * at_ g' k = at_ g k) ->
  is_gradient V (dot (dimension names)) f p g <-> is_gradient V (weighted names w) f p g'.
Proof.
intros E. assert (X : forall h, dot (dimension names) g h = weighted names w g' h).
{ intros h. rewrite dot_sum, weighted_sum. apply sum_ext. intros k Hk. rewrite <- (E k Hk). ring. }
split; intros H; (eapply filterdiff_ext_lin; [exact H|]); intros h; cbv beta; [apply X | symmetry; apply X].
Qed.
Lemma bounded_weighted (w : A -> R) : (forall k, In k names -> 0 < w k) -> bounded_inner_product V (weighted names w).
Proof.
intros W. exists (sum_over names w). split.
{ apply sum_pos. intros; left; now apply W. }
intros x y. rewrite weighted_sum. eapply Rle_trans. apply sum_abs.
apply Rle_trans with (sum_over names (fun k => (norm x * norm y) * w k)).
- apply sum_le. intros k Hk. rewrite !Rabs_mult, (Rabs_right (w k)) by (left; now apply W).
  rewrite Rmult_comm. apply Rmult_le_compat_r. left; now apply W.
  apply Rmult_le_compat; try apply Rabs_pos; apply coordinate_le_norm.
- rewrite sum_scal. right. ring.
Qed.

Section Derivatives.
Variables (U : NM) (p : U).
Lemma entries_diff (f : U -> V) (l : A -> U -> R) :
  (forall k, In k names -> filterdiff (V := R1) (fun u => at_ (f u) k) (locally p) (l k)) ->
  filterdiff f (locally p) (fun h => vector_of names (fun k => l k h)).
Proof.
intros H. apply coordinates_diff. intros i Hi. destruct (nth_name Hi) as [k [E I]].
apply (filterdiff_ext (V := R1) (fun u => at_ (f u) k)). { intros u. exact (entry_nth (f u) i E). }
eapply filterdiff_ext_lin. exact (H k I). intros h. cbv beta. rewrite <- (entry_nth _ i E). symmetry. now apply vector_of_entry.
Qed.
Lemma entries_ex_strict (f : U -> V) :
  (forall k, In k names -> exists l, strictly_differentiable U R1 (fun u => at_ (f u) k) p l) ->
  exists l, strictly_differentiable U V f p l.
Proof.
intros H. apply coordinates_ex_strict. intros i Hi. destruct (nth_name Hi) as [k [E I]].
destruct (H k I) as [l Hl]. exists l.
replace (fun u => coordinate (dimension names) i (f u)) with (fun u => at_ (f u) k). exact Hl.
apply functional_extensionality. intros u. exact (entry_nth (f u) i E).
Qed.
End Derivatives.
End Named.

(** Lists of names that are built from one another. *)
Lemma NoDup_append (A : Type) (l l' : list A) : NoDup l -> NoDup l' -> (forall k, In k l -> ~ In k l') -> NoDup (l ++ l').
Proof.
intros H H' D. induction l as [|k l IH]; simpl. exact H'.
inversion H as [|x y H1 H2]; subst. constructor.
- rewrite in_app_iff. intros [I|I]. now apply H1. exact (D k (or_introl eq_refl) I).
- apply IH. exact H2. intros k' I. apply D. now right.
Qed.
Lemma NoDup_flat_map (A B : Type) (h : B -> list A) (l : list B) :
  NoDup l -> (forall b, In b l -> NoDup (h b)) -> (forall b b' k, In b l -> In b' l -> In k (h b) -> In k (h b') -> b = b') ->
  NoDup (flat_map h l).
Proof.
induction l as [|b l IH]; intros D Hh Hd; simpl. constructor.
inversion D as [|x y D1 D2]; subst. apply NoDup_append.
- apply Hh. now left.
- apply IH. exact D2. intros; apply Hh; now right. intros b1 b2 k I1 I2. apply Hd; now right.
- intros k I I'. apply in_flat_map in I'. destruct I' as [b' [I1 I2]].
  assert (b = b') by (apply (Hd b b' k); auto; [now left | now right]). subst b'. contradiction.
Qed.
Lemma NoDup_map (A B : Type) (h : B -> A) (l : list B) : (forall a b, h a = h b -> a = b) -> NoDup l -> NoDup (map h l).
Proof.
intros Hi D. induction D as [|b l D1 D2 IH]; simpl; constructor; auto.
rewrite in_map_iff. intros [b' [E I]]. apply Hi in E. now subst b'.
Qed.
