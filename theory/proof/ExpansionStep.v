(** * One step of the second phase, near its expansion at rest

    Technical; the theorems are in [ExpansionBound.v].  The normalised update [d_t = Delta_s(t)]
    is moved by [J] at every step, up to what the curvature, the nudge and the drift of the
    parameters add: at most [drift] times [|d_t|] ([step_is_J]).  Of that, the part of first
    order in [beta] and [eta / beta] is known as a vector ([step_to_first_order]).

    The phase starts from any state near rest, and [D i] bounds its updates. *)

From Coq Require Import Reals Lra List Lia.
From Coquelicot Require Import Coquelicot.
From CEP Require Import Algebra Limits Gradients Dynamics Bptt LearningRules LinearResponse.
From CEP Require Import Potential Network Drift ApproximatelySettled Expansion.
Set Implicit Arguments.
Open Scope R_scope.

Lemma total_nonneg f t : (forall i, (i < t)%nat -> 0 <= f i) -> 0 <= total f t.
Proof.
intros H. induction t as [|t IH]; simpl. lra.
assert (0 <= f t) by (apply H; lia). assert (0 <= total f t) by (apply IH; intros; apply H; lia). lra.
Qed.
Lemma total_le f t i : (forall l, (l < t)%nat -> 0 <= f l) -> (i <= t)%nat -> total f i <= total f t.
Proof.
intros H Hi. induction Hi as [|t Hi IH]. lra. simpl.
assert (0 <= f t) by (apply H; lia). assert (total f i <= total f t) by (apply IH; intros; apply H; lia). lra.
Qed.

Lemma drift_nonneg d h k m n : sizes_nonnegative d -> 0 <= h -> 0 <= k -> 0 <= m -> 0 <= n ->
  0 <= lipschitz_Phi d m n /\ 0 <= drift_first d h k m /\ 0 <= drift_second d h k m n.
Proof.
intros [? [? [? [? [? [? [? [? [? [? ?]]]]]]]]]] Hh Hk Hm Hn.
assert (P : 0 <= m ^ 2) by apply pow2_ge_0.
assert (L : 0 <= 2 * size_T d * m + (cubic_Phi d * m ^ 2 + mixed_Phi d * n)).
{ repeat (assumption || lra || apply Rplus_le_le_0_compat || apply Rmult_le_pos). }
assert (L2 : 0 <= lipschitz_Phi d m n) by (unfold lipschitz_Phi; lra).
split; [exact L2 | split].
- unfold drift_first. repeat (assumption || lra || apply Rplus_le_le_0_compat || apply Rmult_le_pos).
- unfold drift_second. repeat (assumption || lra || apply Rplus_le_le_0_compat || apply Rmult_le_pos).
Qed.

Section Phase.
Variable N : network.
Variables (DF : State N * Param N -> State N) (DPhi_theta : State N * Param N -> Param N).
Variables (X : curvature N) (d : expansion_data).
Local Notation J := (dF_ds DF).
Local Notation B := (dF_dtheta DF).
Local Notation C := (dPhi_theta_ds DPhi_theta).
Local Notation Q := (half_F_ss X).
Local Notation T := (half_Phi_theta_ss X).
Local Notation H := (ell_ss X).
Hypothesis d_nonnegative : sizes_nonnegative d.
Hypothesis J_linear : is_linear J.
Hypothesis B_linear : is_linear B.
Hypothesis C_linear : is_linear C.
Hypothesis DF_split : forall x y, DF (x, y) = plus (J x) (B y).
Hypothesis expansion : @expands N DF DPhi_theta X d.

Variables (s : State N) (beta eta : R) (t : nat) (m n a0 : R) (D : nat -> R).
Hypothesis beta_nonzero : beta <> 0.
Let h := Rabs beta.
Let k := Rabs (eta / beta).
Let nu := lipschitz_Phi d m n.
Hypothesis m_le : m <= radius_state d.
Hypothesis n_le : n <= radius_param d.
Hypothesis start : norm (minus s (s_star N)) <= a0.
Hypothesis D_nonneg : forall i, (i <= t)%nat -> 0 <= D i.
Hypothesis stays_state : a0 + h * total D (S t) <= m.
Hypothesis stays_param : k * nu * (h * total D (S t)) <= n.

Let z i := cep_from N s beta eta i.
Let a i : State N := minus (fst (z i)) (s_star N).
Let v i : Param N := minus (snd (z i)) (theta N).
Let upd i : State N := Delta_state_from N s i beta eta.
(* Delta_theta where eta is not zero *)
Let speed i : Param N := scal (/ beta : R_AbsRing) (minus (Phi_theta N (fst (z (S i)), snd (z i))) (Phi_theta N (z i))).
Definition updates_bounded (i : nat) : Prop := forall l, (l < i)%nat -> norm (upd l) <= D l.

Lemma h_pos : 0 < h. Proof. now apply Rabs_pos_lt. Qed.
Lemma k_pos : 0 <= k. Proof. apply Rabs_pos. Qed.
Lemma m_pos : 0 <= m.
Proof.
assert (P := h_pos). assert (0 <= total D (S t)) by (apply total_nonneg; intros; apply D_nonneg; lia).
assert (0 <= a0) by exact (Rle_trans _ _ _ (norm_ge_0 _) start). nra.
Qed.
Lemma moved_state i : minus (fst (z (S i))) (fst (z i)) = scal (beta : R_AbsRing) (upd i).
Proof.
change (upd i) with (scal (/ beta : R_AbsRing) (minus (fst (z (S i))) (fst (z i)))).
generalize (fst (z (S i))) (fst (z i)). intros p q. module_field (State N).
Qed.
Lemma size_moved_state i : norm (minus (fst (z (S i))) (fst (z i))) = h * norm (upd i).
Proof. rewrite moved_state. apply norm_scal_R. Qed.
Lemma moved_param i : minus (snd (z (S i))) (snd (z i)) = scal (eta : R_AbsRing) (speed i).
Proof.
change (minus (plus (snd (z i)) (scal (eta / beta : R_AbsRing) (minus (Phi_theta N (fst (z (S i)), snd (z i))) (Phi_theta N (z i))))) (snd (z i))
  = scal (eta : R_AbsRing) (speed i)).
unfold speed. generalize (minus (Phi_theta N (fst (z (S i)), snd (z i))) (Phi_theta N (z i))) (snd (z i)). intros p q. module_field (Param N).
Qed.
Lemma a_next i : a (S i) = plus (a i) (scal (beta : R_AbsRing) (upd i)).
Proof. rewrite <- moved_state. unfold a. generalize (fst (z (S i))) (fst (z i)). intros. module (State N). Qed.

Lemma eta_is : Rabs eta = h * k.
Proof. unfold h, k. rewrite <- Rabs_mult. f_equal. field. exact beta_nonzero. Qed.

(** ** Nothing leaves the neighbourhood *)

Lemma state_size i : updates_bounded i -> norm (a i) <= a0 + h * total D i.
Proof.
induction i as [|i IH]; intros Hu.
- simpl. rewrite Rmult_0_r, Rplus_0_r. exact start.
- rewrite a_next. eapply Rle_trans. apply norm_triangle. rewrite norm_scal_R. fold h. simpl.
  assert (I := IH ltac:(intros l Hl; apply Hu; lia)). assert (U := Hu i ltac:(lia)). assert (P := h_pos). nra.
Qed.
Lemma state_within i : (i <= S t)%nat -> updates_bounded i -> norm (a i) <= m.
Proof.
intros Hi Hu. eapply Rle_trans. exact (state_size Hu). assert (P := h_pos).
assert (total D i <= total D (S t)) by (apply total_le; auto; intros; apply D_nonneg; lia). nra.
Qed.

(* the rule, given that the parameters have not left *)
Lemma speed_expansion i : (i <= t)%nat -> updates_bounded (S i) -> norm (v i) <= n ->
  norm (minus (speed i) (plus (C (upd i)) (T (plus (a i) (a (S i))) (upd i)))) <= (cubic_Phi d * m ^ 2 + mixed_Phi d * n) * norm (upd i).
Proof.
intros Hi Hu Hv. assert (P := h_pos).
assert (A := @state_within i ltac:(lia) ltac:(intros l Hl; apply Hu; lia)). assert (A' := @state_within (S i) ltac:(lia) Hu).
destruct expansion as [_ [_ [_ [_ [[[T1 _] _] [_ E]]]]]].
destruct (E (fst (z i)) (fst (z (S i))) (snd (z i)) (snd (z i)) m n m_le n_le A A' Hv Hv) as [_ [E2 _]].
rewrite <- (surjective_pairing (z i)) in E2. fold (a i) (a (S i)) in E2.
rewrite size_moved_state, moved_state in E2.
assert (Id : minus (speed i) (plus (C (upd i)) (T (plus (a i) (a (S i))) (upd i))) =
  scal (/ beta : R_AbsRing) (minus (minus (Phi_theta N (fst (z (S i)), snd (z i))) (Phi_theta N (z i)))
     (plus (C (scal (beta : R_AbsRing) (upd i))) (T (plus (a i) (a (S i))) (scal (beta : R_AbsRing) (upd i)))))).
{ rewrite (linear_scal C C_linear), (linear_scal _ (T1 (plus (a i) (a (S i))))). unfold speed.
  generalize (minus (Phi_theta N (fst (z (S i)), snd (z i))) (Phi_theta N (z i))) (C (upd i)) (T (plus (a i) (a (S i))) (upd i)).
  intros. module_field (Param N). }
rewrite Id, norm_scal_R, Rabs_Rinv by exact beta_nonzero. fold h.
apply Rle_trans with (/ h * ((cubic_Phi d * m ^ 2 + mixed_Phi d * n) * (h * norm (upd i)))).
apply Rmult_le_compat_l. left. now apply Rinv_0_lt_compat. exact E2. right. field. lra.
Qed.
Lemma curved_T i : (i <= t)%nat -> updates_bounded (S i) -> norm (T (plus (a i) (a (S i))) (upd i)) <= 2 * size_T d * m * norm (upd i).
Proof.
intros Hi Hu.
assert (A := @state_within i ltac:(lia) ltac:(intros l Hl; apply Hu; lia)). assert (A' := @state_within (S i) ltac:(lia) Hu).
destruct expansion as [_ [_ [_ [_ [[_ BT] _]]]]]. eapply Rle_trans. apply BT.
apply Rmult_le_compat_r. apply norm_ge_0. assert (0 <= size_T d) by apply d_nonnegative.
assert (norm (plus (a i) (a (S i))) <= 2 * m) by (eapply Rle_trans; [apply norm_triangle | lra]). nra.
Qed.
Lemma speed_beyond i : (i <= t)%nat -> updates_bounded (S i) -> norm (v i) <= n ->
  norm (minus (speed i) (C (upd i))) <= (2 * size_T d * m + (cubic_Phi d * m ^ 2 + mixed_Phi d * n)) * norm (upd i).
Proof.
intros Hi Hu Hv. assert (E := speed_expansion Hi Hu Hv). assert (F0 := curved_T Hi Hu).
set (w := T (plus (a i) (a (S i))) (upd i)) in *.
replace (minus (speed i) (C (upd i))) with (plus (minus (speed i) (plus (C (upd i)) w)) w) by (generalize (speed i) (C (upd i)) w; intros; module (Param N)).
eapply Rle_trans. apply norm_triangle. lra.
Qed.
Lemma speed_size i : (i <= t)%nat -> updates_bounded (S i) -> norm (v i) <= n -> norm (speed i) <= nu * norm (upd i).
Proof.
intros Hi Hu Hv. assert (E := speed_beyond Hi Hu Hv).
assert (BC := proj1 (proj2 (proj2 expansion)) (upd i)).
replace (speed i) with (plus (minus (speed i) (C (upd i))) (C (upd i))) by (generalize (speed i) (C (upd i)); intros; module (Param N)).
eapply Rle_trans. apply norm_triangle. unfold nu, lipschitz_Phi. lra.
Qed.
Lemma nu_pos : 0 <= n -> 0 <= nu.
Proof.
intros Hn. apply (drift_nonneg d_nonnegative (Rlt_le _ _ h_pos) k_pos m_pos Hn).
Qed.
Hypothesis n_pos : 0 <= n.
Lemma param_within i : (i <= S t)%nat -> updates_bounded i -> norm (v i) <= k * nu * (h * total D i) /\ norm (v i) <= n.
Proof.
assert (P := h_pos). assert (P2 := k_pos). assert (P3 := nu_pos n_pos).
assert (KN : 0 <= k * nu) by (now apply Rmult_le_pos).
assert (Le : forall l, (l <= S t)%nat -> k * nu * (h * total D l) <= n).
{ intros l Hl. eapply Rle_trans; [|exact stays_param]. apply Rmult_le_compat_l; auto. apply Rmult_le_compat_l. lra.
  apply total_le; auto. intros; apply D_nonneg; lia. }
induction i as [|i IH]; intros Hi Hu.
- assert (E0 : v 0 = zero) by (unfold v, z, cep_from; simpl; module (Param N)). rewrite E0, norm_zero. simpl. split; [|exact n_pos]. lra.
- destruct (IH ltac:(lia) ltac:(intros l Hl; apply Hu; lia)) as [I1 I2].
  assert (S1 := @speed_size i ltac:(lia) Hu I2). assert (U := Hu i ltac:(lia)).
  assert (V : norm (v (S i)) <= k * nu * (h * total D (S i))).
  { replace (v (S i)) with (plus (v i) (scal (eta : R_AbsRing) (speed i)))
      by (rewrite <- moved_param; unfold v; generalize (snd (z (S i))) (snd (z i)); intros; module (Param N)).
    eapply Rle_trans. apply norm_triangle. rewrite norm_scal_R, eta_is. simpl.
    assert (h * k * norm (speed i) <= h * k * (nu * D i)).
    { apply Rmult_le_compat_l. apply Rmult_le_pos; lra. eapply Rle_trans. exact S1. now apply Rmult_le_compat_l. }
    lra. }
  split. exact V. eapply Rle_trans. exact V. now apply Le.
Qed.
Lemma speed_known i : (i <= t)%nat -> updates_bounded (S i) -> norm (v i) <= n /\ norm (v (S i)) <= n.
Proof.
intros Hi Hu. split.
- apply (@param_within i). lia. intros l Hl. apply Hu. lia.
- apply (@param_within (S i)). lia. exact Hu.
Qed.

(** ** One step of the updates *)

Lemma curved_Q i x : (i <= t)%nat -> updates_bounded (S i) -> norm (Q (plus (a i) (a (S i))) x) <= 2 * size_Q d * m * norm x.
Proof.
intros Hi Hu.
assert (A := @state_within i ltac:(lia) ltac:(intros l Hl; apply Hu; lia)). assert (A' := @state_within (S i) ltac:(lia) Hu).
destruct expansion as [_ [_ [_ [[_ BQ] _]]]]. eapply Rle_trans. apply BQ.
apply Rmult_le_compat_r. apply norm_ge_0. assert (0 <= size_Q d) by apply d_nonnegative.
assert (norm (plus (a i) (a (S i))) <= 2 * m) by (eapply Rle_trans; [apply norm_triangle | lra]). nra.
Qed.
Lemma next_update i : (i <= t)%nat -> updates_bounded (S i) ->
  norm (minus (minus (upd (S i)) (J (upd i)))
    (plus (scal (eta / beta : R_AbsRing) (B (speed i)))
          (minus (Q (plus (a i) (a (S i))) (upd i)) (scal (beta : R_AbsRing) (H (upd i))))))
  <= ((cubic_F d * m ^ 2 + mixed_F d * n) + mixed_F d * m * (k * nu) + h * (cubic_ell d * m)) * norm (upd i).
Proof.
intros Hi Hu. assert (P := h_pos). assert (P2 := k_pos). assert (PM := m_pos).
destruct (speed_known Hi Hu) as [V V'].
assert (A := @state_within i ltac:(lia) ltac:(intros l Hl; apply Hu; lia)). assert (A' := @state_within (S i) ltac:(lia) Hu).
assert (SP := speed_size Hi Hu V).
destruct expansion as [_ [_ [_ [[[Q1 _] _] [_ [[LH _] E]]]]]].
destruct (E (fst (z i)) (fst (z (S i))) (snd (z i)) (snd (z (S i))) m n m_le n_le A A' V V') as [E1 [_ E3]].
rewrite <- !surjective_pairing in E1. fold (a i) (a (S i)) in E1. clear E.
assert (Sy : norm (minus (snd (z (S i))) (snd (z i))) <= h * k * (nu * norm (upd i))).
{ rewrite moved_param, norm_scal_R, eta_is. apply Rmult_le_compat_l; auto. apply Rmult_le_pos; lra. }
rewrite size_moved_state in E1, E3. rewrite DF_split, moved_param, moved_state in E1. rewrite moved_state in E3.
rewrite <- moved_param in E1 at 2.
set (f := minus (F N (z (S i))) (F N (z i))) in *. set (g := minus (grad_ell N (fst (z (S i)))) (grad_ell N (fst (z i)))) in *.
assert (Up : upd (S i) = minus (scal (/ beta : R_AbsRing) f) g).
{ change (upd (S i)) with (scal (/ beta : R_AbsRing) (minus (minus (F N (z (S i))) (scal (beta : R_AbsRing) (grad_ell N (fst (z (S i))))))
      (minus (F N (z i)) (scal (beta : R_AbsRing) (grad_ell N (fst (z i))))))).
  unfold f, g. generalize (F N (z (S i))) (F N (z i)) (grad_ell N (fst (z (S i)))) (grad_ell N (fst (z i))). intros. module_field (State N). }
set (x := upd i) in *. set (p := plus (a i) (a (S i))) in *.
rewrite (linear_scal J J_linear), (linear_scal B B_linear), (linear_scal _ (Q1 p)) in E1.
rewrite (linear_scal H LH) in E3.
set (r := minus f (plus (plus (scal (beta : R_AbsRing) (J x)) (scal (eta : R_AbsRing) (B (speed i)))) (scal (beta : R_AbsRing) (Q p x)))) in *.
set (r' := minus g (scal (beta : R_AbsRing) (H x))) in *.
assert (Id : minus (minus (upd (S i)) (J x)) (plus (scal (eta / beta : R_AbsRing) (B (speed i))) (minus (Q p x) (scal (beta : R_AbsRing) (H x))))
  = minus (scal (/ beta : R_AbsRing) r) r').
{ rewrite Up. unfold r, r'. generalize f g (J x) (B (speed i)) (Q p x) (H x). intros. module_field (State N). }
rewrite Id. eapply Rle_trans. apply norm_minus_le. rewrite norm_scal_R, Rabs_Rinv by exact beta_nonzero. fold h.
assert (R1 : / h * norm r <= ((cubic_F d * m ^ 2 + mixed_F d * n) + mixed_F d * m * (k * nu)) * norm x).
{ apply Rle_trans with (/ h * ((cubic_F d * m ^ 2 + mixed_F d * n) * (h * norm x) + mixed_F d * m * (h * k * (nu * norm x)))).
  - apply Rmult_le_compat_l. left. now apply Rinv_0_lt_compat. eapply Rle_trans. exact E1. apply Rplus_le_compat_l.
    apply Rmult_le_compat_l; auto. apply Rmult_le_pos; auto. apply d_nonnegative.
  - right. field. lra. }
lra.
Qed.

(** Every step is [J], up to [drift] ... *)
Lemma step_is_J i : (i <= t)%nat -> updates_bounded (S i) -> norm (minus (upd (S i)) (J (upd i))) <= drift d h k m n * norm (upd i).
Proof.
intros Hi Hu. assert (E := next_update Hi Hu). assert (P := h_pos). assert (P2 := k_pos).
destruct (speed_known Hi Hu) as [V _]. assert (SP := speed_size Hi Hu V). assert (CQ := @curved_Q i (upd i) Hi Hu).
destruct expansion as [_ [BB [_ [_ [_ [[_ BH] _]]]]]].
assert (X1 : norm (scal (eta / beta : R_AbsRing) (B (speed i))) <= k * (size_B d * (nu * norm (upd i)))).
{ rewrite norm_scal_R. fold k. apply Rmult_le_compat_l; auto. eapply Rle_trans. apply BB. apply Rmult_le_compat_l; auto. apply d_nonnegative. }
assert (X2 : norm (scal (beta : R_AbsRing) (H (upd i))) <= h * (size_H d * norm (upd i))).
{ rewrite norm_scal_R. fold h. apply Rmult_le_compat_l. lra. apply BH. }
set (b := scal (eta / beta : R_AbsRing) (B (speed i))) in *. set (c := Q (plus (a i) (a (S i))) (upd i)) in *.
set (e := scal (beta : R_AbsRing) (H (upd i))) in *. set (w := minus (upd (S i)) (J (upd i))) in *.
replace w with (plus (minus w (plus b (minus c e))) (plus b (minus c e))) by (clearbody w b c e; module (State N)).
eapply Rle_trans. apply norm_triangle.
assert (X3 : norm (plus b (minus c e)) <= norm b + (norm c + norm e)).
{ eapply Rle_trans. apply norm_triangle. apply Rplus_le_compat_l. apply norm_minus_le. }
unfold drift, drift_first, drift_second. fold nu. unfold nu in X1 at 1. unfold lipschitz_Phi in X1.
set (y := norm (upd i)) in *.
replace ((2 * size_Q d * m + k * (size_B d * size_C d) + h * size_H d +
   (cubic_F d * m ^ 2 + mixed_F d * n + mixed_F d * m * (k * nu) +
    k * size_B d * (2 * size_T d * m + (cubic_Phi d * m ^ 2 + mixed_Phi d * n)) + h * (cubic_ell d * m))) * y)
  with ((cubic_F d * m ^ 2 + mixed_F d * n + mixed_F d * m * (k * nu) + h * (cubic_ell d * m)) * y +
    (k * (size_B d * ((size_C d + 2 * size_T d * m + (cubic_Phi d * m ^ 2 + mixed_Phi d * n)) * y)) +
     (2 * size_Q d * m * y + h * (size_H d * y)))) by ring.
lra.
Qed.

(** ... and its first-order part is known. *)
Local Notation d0 := (@descent N DF).
Local Notation u := (@displacement N DF).
Lemma step_to_first_order i (A A' E : R) : (i <= t)%nat -> updates_bounded (S i) ->
  norm (minus (a i) (scal (beta : R_AbsRing) (u i))) <= A ->
  norm (minus (a (S i)) (scal (beta : R_AbsRing) (u (S i)))) <= A' ->
  norm (minus (upd i) (d0 i)) <= E ->
  norm (minus (minus (upd (S i)) (J (upd i)))
    (plus (scal (beta : R_AbsRing) (minus (Q (plus (u i) (u (S i))) (d0 i)) (H (d0 i))))
          (scal (eta / beta : R_AbsRing) (B (C (d0 i))))))
  <= drift_second d h k m n * norm (upd i) + drift_first d h k m * E + size_Q d * (A + A') * norm (d0 i).
Proof.
intros Hi Hu HA HA' HE. assert (N1 := next_update Hi Hu). assert (P := h_pos). assert (P2 := k_pos). assert (PM := m_pos).
destruct (speed_known Hi Hu) as [V _]. assert (SB := speed_beyond Hi Hu V).
assert (PE : 0 <= E) by exact (Rle_trans _ _ _ (norm_ge_0 _) HE).
destruct d_nonnegative as [DJ [DB [DC [DQ [DT [DH _]]]]]].
assert (CQ := @curved_Q i (minus (upd i) (d0 i)) Hi Hu).
destruct expansion as [_ [BB [BC [[[Q1 Q2] BQ] [_ [[LH BH] _]]]]]].
set (x := upd i) in *. set (y := d0 i) in *. set (e := minus x y) in *.
set (p := plus (a i) (a (S i))) in *. set (w := plus (u i) (u (S i))) in *.
set (sp := speed i) in *.
(* the parameters *)
assert (X1 : norm (scal (eta / beta : R_AbsRing) (B (minus sp (C y)))) <= k * (size_B d * (size_C d * E + (2 * size_T d * m + (cubic_Phi d * m ^ 2 + mixed_Phi d * n)) * norm x))).
{ rewrite norm_scal_R. fold k. apply Rmult_le_compat_l; auto. eapply Rle_trans. apply BB. apply Rmult_le_compat_l; auto.
  assert (E0 : minus sp (C y) = plus (C e) (minus sp (C x))).
  { unfold e. rewrite (linear_minus C x y C_linear). generalize sp (C x) (C y). intros. module (Param N). }
  rewrite E0. eapply Rle_trans. apply norm_triangle. apply Rplus_le_compat; auto. eapply Rle_trans. apply BC. now apply Rmult_le_compat_l. }
(* the curvature *)
assert (X2 : norm (Q p e) <= 2 * size_Q d * m * E).
{ eapply Rle_trans. exact CQ. apply Rmult_le_compat_l; auto. apply Rmult_le_pos; lra. }
assert (X3 : norm (Q (minus p (scal (beta : R_AbsRing) w)) y) <= size_Q d * (A + A') * norm y).
{ eapply Rle_trans. apply BQ. apply Rmult_le_compat_r. apply norm_ge_0. apply Rmult_le_compat_l; auto.
  assert (E0 : minus p (scal (beta : R_AbsRing) w) = plus (minus (a i) (scal (beta : R_AbsRing) (u i))) (minus (a (S i)) (scal (beta : R_AbsRing) (u (S i))))).
  { unfold p, w. generalize (a i) (a (S i)) (u i) (u (S i)). intros. module (State N). }
  rewrite E0. eapply Rle_trans. apply norm_triangle. lra. }
(* the loss *)
assert (X4 : norm (scal (beta : R_AbsRing) (H e)) <= h * (size_H d * E)).
{ rewrite norm_scal_R. fold h. apply Rmult_le_compat_l. lra. eapply Rle_trans. apply BH. now apply Rmult_le_compat_l. }
set (r := minus (minus (upd (S i)) (J x)) (plus (scal (eta / beta : R_AbsRing) (B sp)) (minus (Q p x) (scal (beta : R_AbsRing) (H x))))) in *.
assert (Id : minus (minus (upd (S i)) (J x))
    (plus (scal (beta : R_AbsRing) (minus (Q w y) (H y))) (scal (eta / beta : R_AbsRing) (B (C y))))
  = plus (plus r (scal (eta / beta : R_AbsRing) (B (minus sp (C y)))))
         (plus (plus (Q p e) (Q (minus p (scal (beta : R_AbsRing) w)) y)) (opp (scal (beta : R_AbsRing) (H e))))).
{ unfold e. rewrite (linear_minus B sp (C y) B_linear), (linear_minus (Q p) x y (Q1 p)), (linear_minus H x y LH).
  assert (E0 : Q (minus p (scal (beta : R_AbsRing) w)) y = minus (Q p y) (scal (beta : R_AbsRing) (Q w y))).
  { etransitivity. exact (linear_minus (fun q => Q q y) p (scal (beta : R_AbsRing) w) (Q2 y)). apply f_equal.
    exact (linear_scal (fun q => Q q y) (Q2 y) (beta : R_AbsRing) w). }
  rewrite E0. unfold r. generalize (upd (S i)) (J x) (B sp) (B (C y)) (Q p x) (Q p y) (Q w y) (H x) (H y). intros. module (State N). }
rewrite Id. eapply Rle_trans. apply norm_triangle.
assert (Y1 : norm (plus r (scal (eta / beta : R_AbsRing) (B (minus sp (C y))))) <= norm r + norm (scal (eta / beta : R_AbsRing) (B (minus sp (C y))))) by apply norm_triangle.
assert (Y2 : norm (plus (plus (Q p e) (Q (minus p (scal (beta : R_AbsRing) w)) y)) (opp (scal (beta : R_AbsRing) (H e))))
   <= (norm (Q p e) + norm (Q (minus p (scal (beta : R_AbsRing) w)) y)) + norm (scal (beta : R_AbsRing) (H e))).
{ eapply Rle_trans. apply norm_triangle. apply Rplus_le_compat. apply norm_triangle. right. apply norm_opp. }
unfold drift_second, drift_first. fold nu.
replace ((cubic_F d * m ^ 2 + mixed_F d * n + mixed_F d * m * (k * nu) +
     k * size_B d * (2 * size_T d * m + (cubic_Phi d * m ^ 2 + mixed_Phi d * n)) + h * (cubic_ell d * m)) * norm x +
   (2 * size_Q d * m + k * (size_B d * size_C d) + h * size_H d) * E + size_Q d * (A + A') * norm y)
  with ((cubic_F d * m ^ 2 + mixed_F d * n + mixed_F d * m * (k * nu) + h * (cubic_ell d * m)) * norm x +
    k * (size_B d * (size_C d * E + (2 * size_T d * m + (cubic_Phi d * m ^ 2 + mixed_Phi d * n)) * norm x)) +
    (2 * size_Q d * m * E + size_Q d * (A + A') * norm y + h * (size_H d * E))) by ring.
lra.
Qed.
End Phase.
