(** * A bound for corrected C-VF that is geometric in t

    From numbers that hold in a box round rest: [j] bounds [J^T], [b] bounds [dF/dtheta], [c] its
    transposes in the box, [l] is a Lipschitz constant of the loss gradient, [e] bounds the change of
    the derivative of [F] in the box, and [v] that of the transpose.  With [h = |beta|],
    [k = |eta / beta|], [g = |grad ell|] and [delta = e (1 + k c) + k b c + h l],

      |Delta_s(t) + nabla_s(t)| <= ((j + delta)^t - j^t) g

    ([geometric_error]).  Nothing grows faster than geometrically in [t], unlike the constants of
    [ErrorBound.v].

    Idea.  The update moves by [J^T] up to [delta]:
    [|Delta_s(t+1) - J^T Delta_s(t)| <= delta |Delta_s(t)|], as the parameters move by at most [k c] times
    the neurons.  Hence [|Delta_s(t)| <= (j + delta)^t g], which keeps the phase in the box, and the
    error [e_t] has [e_(t+1) <= j e_t + delta (j + delta)^t g]. *)

From Coq Require Import Reals Lra Lia.
From Coquelicot Require Import Coquelicot.
From CEP Require Import Algebra Limits Gradients Dynamics Bptt Potential VectorFieldNetwork CorrectedVectorField.
Set Implicit Arguments.
Open Scope R_scope.

Section Bound.
Variable N : vector_field.
Variable d : box_data.
Hypothesis differentiable : vf_differentiable N.
Hypothesis transposes : vf_transposes N.
Hypothesis at_rest : vf_settled N.
Hypothesis Hd : box_nonnegative d.
Hypothesis in_box : vf_bounds_in_box N d.
Variables (beta eta g : R) (t : nat).
Hypothesis beta_nonzero : beta <> 0.
Hypothesis grad_bound : norm (vf_grad_ell N (vf_s_star N)) <= g.
Let h := Rabs beta.
Let k := Rabs (eta / beta).
Let rate := box_Jt d + box_drift d h k.
Hypothesis stays_state : h * (g * box_total rate t) <= box_state d.
Hypothesis stays_param : k * (box_H d * (h * (g * box_total rate t))) <= box_param d.
Local Notation z i := (cvf_less N (asymmetry N) beta eta i).
Local Notation upd i := (corrected_Delta_state N i beta eta).
Local Notation Jt := (vf_Jt N).
Local Notation g0 := (vf_grad_ell N (vf_s_star N)).

Lemma h_pos : 0 < h. Proof. now apply Rabs_pos_lt. Qed.
Lemma k_pos : 0 <= k. Proof. apply Rabs_pos. Qed.
Lemma g_pos : 0 <= g. Proof. exact (Rle_trans _ _ _ (norm_ge_0 _) grad_bound). Qed.
Lemma drift_pos : 0 <= box_drift d h k.
Proof.
destruct Hd as [? [? [? [? [? ?]]]]]. assert (P := h_pos). assert (Q := k_pos). unfold box_drift.
repeat (assumption || lra || apply Rplus_le_le_0_compat || apply Rmult_le_pos).
Qed.
Lemma rate_pos : 0 <= rate.
Proof. destruct Hd as [? _]. unfold rate. generalize drift_pos. lra. Qed.
Lemma state_moves i : minus (fst (z (S i))) (fst (z i)) = scal (beta : R_AbsRing) (upd i).
Proof.
unfold corrected_Delta_state, Delta_state_less, Delta_s. change (1 + i)%nat with (S i).
fold (z (S i)) (z i). generalize (fst (z (S i))) (fst (z i)). intros x y. module_field (vf_State N).
Qed.
Lemma param_moves i : minus (snd (z (S i))) (snd (z i)) = scal (eta / beta : R_AbsRing) (vf_H N (z i) (minus (fst (z (S i))) (fst (z i)))).
Proof.
change (snd (z (S i))) with (plus (snd (z i)) (scal (eta / beta : R_AbsRing) (vf_H N (z i) (minus (fst (z (S i))) (fst (z i)))))).
generalize (vf_H N (z i) (minus (fst (z (S i))) (fst (z i)))). intros w. module (vf_Param N).
Qed.

(** What holds up to step [i]: the updates are bounded and the phase is in the box. *)
Definition within (i : nat) : Prop :=
  norm (minus (fst (z i)) (vf_s_star N)) <= box_state d /\ norm (minus (snd (z i)) (vf_theta N)) <= box_param d.

Lemma param_speed i : within i -> norm (minus (snd (z (S i))) (snd (z i))) <= k * (box_H d * (h * norm (upd i))).
Proof.
intros [W1 W2]. rewrite param_moves, norm_scal_R. apply Rmult_le_compat_l. apply k_pos.
assert (B := proj1 (proj2 (proj2 in_box)) (fst (z i)) (snd (z i)) (minus (fst (z (S i))) (fst (z i))) W1 W2).
rewrite <- surjective_pairing in B. eapply Rle_trans. exact B. rewrite state_moves, norm_scal_R. right. reflexivity.
Qed.

Lemma update_moves i : within i -> within (S i) ->
  norm (minus (upd (S i)) (Jt (upd i))) <= box_drift d h k * norm (upd i).
Proof.
intros W W'. destruct in_box as [BJ [BB [BH [BF [BV BL]]]]]. destruct transposes as [JtL _].
assert (PS := param_speed W).
destruct W as [W1 W2]. destruct W' as [W1' W2'].
set (s := fst (z i)) in *. set (s' := fst (z (S i))) in *. set (th := snd (z i)) in *. set (th' := snd (z (S i))) in *.
assert (Ms : minus s' s = scal (beta : R_AbsRing) (upd i)) by exact (state_moves i).
set (r := minus (minus (vf_F N (s', th')) (vf_F N (s, th))) (vf_DF N (minus s' s, minus th' th))).
assert (BR : norm r <= box_curvature d * (norm (minus s' s) + norm (minus th' th))) by exact (BF s s' th th' W1 W1' W2 W2').
assert (Split : vf_DF N (minus s' s, minus th' th) = plus (vf_J N (minus s' s)) (vf_B N (minus th' th)))
  by exact (@split_lin (vf_State N) (vf_Param N) (vf_State N) (vf_DF N) (proj1 differentiable) (minus s' s, minus th' th)).
assert (JL := @dF_ds_linear _ _ _ _ _ _ differentiable).
(* beta times the difference *)
assert (Id : scal (beta : R_AbsRing) (minus (upd (S i)) (Jt (upd i)))
  = plus (plus r (vf_B N (minus th' th))) (opp (scal (beta : R_AbsRing) (minus (vf_grad_ell N s') (vf_grad_ell N s))))).
{ assert (E1 : scal (beta : R_AbsRing) (Jt (upd i)) = Jt (minus s' s)) by (rewrite Ms; symmetry; exact (linear_scal _ JtL (beta : R_AbsRing) (upd i))).
  assert (E2 : scal (beta : R_AbsRing) (upd (S i)) = minus (fst (z (S (S i)))) s') by (symmetry; exact (state_moves (S i))).
  assert (E3 : fst (z (S (S i))) = minus (minus (vf_F N (s', th')) (asymmetry N s')) (scal (beta : R_AbsRing) (vf_grad_ell N s'))).
  { change (fst (z (S (S i)))) with (minus (less N (asymmetry N) (z (S i))) (scal (beta : R_AbsRing) (vf_grad_ell N s'))).
    rewrite (surjective_pairing (z (S i))). reflexivity. }
  assert (E4 : s' = minus (minus (vf_F N (s, th)) (asymmetry N s)) (scal (beta : R_AbsRing) (vf_grad_ell N s))).
  { unfold s' at 1. change (fst (z (S i))) with (minus (less N (asymmetry N) (z i)) (scal (beta : R_AbsRing) (vf_grad_ell N s))).
    rewrite (surjective_pairing (z i)). reflexivity. }
  assert (E5 : minus (asymmetry N s') (asymmetry N s) = minus (vf_J N (minus s' s)) (Jt (minus s' s)))
    by exact (@correction_at (vf_State N) (vf_Param N) (vf_F N) (vf_s_star N) (vf_theta N) (vf_DF N) Jt differentiable JtL s s').
  transitivity (minus (minus (fst (z (S (S i)))) s') (Jt (minus s' s))).
  { rewrite <- E1, <- E2. generalize (upd (S i)) (Jt (upd i)). intros x y. module (vf_State N). }
  assert (E6 : minus (fst (z (S (S i)))) s' = minus (minus (minus (vf_F N (s', th')) (vf_F N (s, th))) (minus (asymmetry N s') (asymmetry N s)))
    (scal (beta : R_AbsRing) (minus (vf_grad_ell N s') (vf_grad_ell N s)))).
  { etransitivity. exact (f_equal2 (fun x y => minus x y) E3 E4). generalize (vf_F N (s', th')) (asymmetry N s') (vf_grad_ell N s') (vf_F N (s, th)) (asymmetry N s) (vf_grad_ell N s).
    intros. module (vf_State N). }
  rewrite E6, E5. unfold r. rewrite Split.
  generalize (vf_F N (s', th')) (vf_F N (s, th)) (vf_J N (minus s' s)) (Jt (minus s' s)) (vf_B N (minus th' th)) (vf_grad_ell N s') (vf_grad_ell N s).
  intros. module (vf_State N). }
assert (Hh := h_pos).
apply Rmult_le_reg_l with h. exact Hh.
assert (E : h * norm (minus (upd (S i)) (Jt (upd i))) = norm (scal (beta : R_AbsRing) (minus (upd (S i)) (Jt (upd i))))) by (symmetry; apply norm_scal_R).
rewrite E, Id.
assert (Ns : norm (minus s' s) = h * norm (upd i)) by (rewrite Ms; apply norm_scal_R).
eapply Rle_trans. apply norm_triangle.
eapply Rle_trans. apply Rplus_le_compat. apply norm_triangle. eapply Rle_trans. right; apply norm_opp.
eapply Rle_trans. right; apply norm_scal_R. apply Rmult_le_compat_l. apply Rabs_pos. exact (BL s s' W1 W1').
assert (T2 : norm (vf_B N (minus th' th)) <= box_B d * (k * (box_H d * (h * norm (upd i))))).
{ eapply Rle_trans. apply BB. apply Rmult_le_compat_l. apply Hd. exact PS. }
assert (T1 : norm r <= box_curvature d * (h * norm (upd i) + k * (box_H d * (h * norm (upd i))))).
{ eapply Rle_trans. exact BR. apply Rmult_le_compat_l. apply Hd. rewrite Ns. apply Rplus_le_compat_l. exact PS. }
rewrite Ns. fold h. unfold box_drift.
apply Rle_trans with (box_curvature d * (h * norm (upd i) + k * (box_H d * (h * norm (upd i)))) + box_B d * (k * (box_H d * (h * norm (upd i))))
  + h * (box_loss d * (h * norm (upd i)))).
apply Rplus_le_compat_r. now apply Rplus_le_compat. right. ring.
Qed.

Lemma first_update : upd 0 = opp g0.
Proof.
assert (Cancel : forall x y : vf_State N, scal (beta : R_AbsRing) x = scal (beta : R_AbsRing) y -> x = y).
{ intros x y E. transitivity (scal (/ beta : R_AbsRing) (scal (beta : R_AbsRing) x)). module_field (vf_State N). rewrite E. module_field (vf_State N). }
apply Cancel. rewrite <- (state_moves 0).
change (minus (minus (less N (asymmetry N) (vf_s_star N, vf_theta N)) (scal (beta : R_AbsRing) g0)) (vf_s_star N) = scal (beta : R_AbsRing) (opp g0)).
assert (E : less N (asymmetry N) (vf_s_star N, vf_theta N) = vf_s_star N)
  by exact (@mended_at_rest _ _ (vf_F N) (vf_s_star N) (vf_theta N) (vf_DF N) Jt differentiable (proj1 transposes) at_rest).
rewrite E. generalize g0. intros. module (vf_State N).
Qed.

(** The size of the updates, and that the phase stays in the box. *)
Fixpoint part (i : nat) : R := match i with O => 0 | S i => part i + rate ^ i end.
Lemma part_total i : part (S i) = box_total rate i.
Proof. induction i as [|i IH]. simpl. ring. change (part (S (S i))) with (part (S i) + rate ^ S i). rewrite IH. reflexivity. Qed.
Lemma part_pos i : 0 <= part i.
Proof. induction i as [|i IH]; simpl. lra. assert (P := pow_le rate i rate_pos). lra. Qed.
Lemma part_mono i : (i <= S t)%nat -> part i <= box_total rate t.
Proof.
intros Hi. rewrite <- part_total. induction Hi as [|u Hu IH]. lra. eapply Rle_trans. exact IH. simpl. assert (P := pow_le rate u rate_pos). lra.
Qed.
Definition sized (i : nat) : Prop :=
  norm (minus (fst (z i)) (vf_s_star N)) <= h * (g * part i) /\
  norm (minus (snd (z i)) (vf_theta N)) <= k * (box_H d * (h * (g * part i))).
Lemma sized_within i : (i <= S t)%nat -> sized i -> within i.
Proof.
intros Hi [S1 S2]. assert (Ph := h_pos). assert (Pk := k_pos). assert (Pg := g_pos). assert (Pc : 0 <= box_H d) by apply Hd.
assert (M := part_mono Hi).
assert (M2 : h * (g * part i) <= h * (g * box_total rate t)) by (apply Rmult_le_compat_l; [lra | now apply Rmult_le_compat_l]).
split. lra. eapply Rle_trans. exact S2. eapply Rle_trans; [|exact stays_param].
apply Rmult_le_compat_l; auto. now apply Rmult_le_compat_l.
Qed.
Lemma sized_next i : (i <= t)%nat -> sized i -> norm (upd i) <= rate ^ i * g -> sized (S i).
Proof.
intros Hi S U. assert (W := @sized_within i ltac:(lia) S). assert (PS := param_speed W). destruct S as [S1 S2].
assert (Ph := h_pos). assert (Pk := k_pos). assert (Pc : 0 <= box_H d) by apply Hd.
assert (Ms : norm (minus (fst (z (S i))) (fst (z i))) = h * norm (upd i)) by (rewrite state_moves; apply norm_scal_R).
assert (U' : h * norm (upd i) <= h * (rate ^ i * g)) by (apply Rmult_le_compat_l; lra).
split; simpl part.
- replace (minus (fst (z (S i))) (vf_s_star N)) with (plus (minus (fst (z i)) (vf_s_star N)) (minus (fst (z (S i))) (fst (z i))))
    by (generalize (fst (z (S i))) (fst (z i)); intros; module (vf_State N)).
  eapply Rle_trans. apply norm_triangle. rewrite Ms. replace (h * (g * (part i + rate ^ i))) with (h * (g * part i) + h * (rate ^ i * g)) by ring. lra.
- replace (minus (snd (z (S i))) (vf_theta N)) with (plus (minus (snd (z i)) (vf_theta N)) (minus (snd (z (S i))) (snd (z i))))
    by (generalize (snd (z (S i))) (snd (z i)); intros; module (vf_Param N)).
  eapply Rle_trans. apply norm_triangle.
  replace (k * (box_H d * (h * (g * (part i + rate ^ i))))) with (k * (box_H d * (h * (g * part i))) + k * (box_H d * (h * (rate ^ i * g)))) by ring.
  apply Rplus_le_compat. exact S2. eapply Rle_trans. exact PS. apply Rmult_le_compat_l; auto. now apply Rmult_le_compat_l.
Qed.
Lemma phase_bounded i : (i <= t)%nat -> sized i /\ norm (upd i) <= rate ^ i * g.
Proof.
induction i as [|i IH]; intros Hi.
- split.
  + split; simpl.
    * assert (E : minus (vf_s_star N) (vf_s_star N) = zero) by module (vf_State N). rewrite E, norm_zero. right; ring.
    * assert (E : minus (vf_theta N) (vf_theta N) = zero) by module (vf_Param N). rewrite E, norm_zero. right; ring.
  + rewrite first_update. eapply Rle_trans. right; apply norm_opp. simpl. lra.
- destruct (IH ltac:(lia)) as [S1 U1]. assert (S2 := @sized_next i ltac:(lia) S1 U1). split. exact S2.
  assert (M := update_moves (@sized_within i ltac:(lia) S1) (@sized_within (S i) ltac:(lia) S2)).
  assert (BJ := proj1 in_box (upd i)). assert (P := drift_pos). assert (Q := rate_pos).
  replace (upd (S i)) with (plus (minus (upd (S i)) (Jt (upd i))) (Jt (upd i))) by (generalize (upd (S i)) (Jt (upd i)); intros; module (vf_State N)).
  eapply Rle_trans. apply norm_triangle.
  apply Rle_trans with (rate * norm (upd i)). unfold rate. lra. simpl. rewrite Rmult_assoc. now apply Rmult_le_compat_l.
Qed.

(** The error. *)
Lemma error_bounded i : (i <= t)%nat -> norm (plus (upd i) (iterate Jt i g0)) <= (rate ^ i - box_Jt d ^ i) * g.
Proof.
destruct transposes as [JtL _]. assert (Pj : 0 <= box_Jt d) by apply Hd. assert (P := drift_pos).
induction i as [|i IH]; intros Hi.
- rewrite first_update. simpl. assert (E : plus (opp g0) g0 = zero) by (generalize g0; intros; module (vf_State N)). rewrite E, norm_zero. right; ring.
- destruct (@phase_bounded i ltac:(lia)) as [S1 U1]. destruct (@phase_bounded (S i) Hi) as [S2 _].
  assert (M := update_moves (@sized_within i ltac:(lia) S1) (@sized_within (S i) ltac:(lia) S2)).
  assert (Id : plus (upd (S i)) (iterate Jt (S i) g0) = plus (minus (upd (S i)) (Jt (upd i))) (Jt (plus (upd i) (iterate Jt i g0)))).
  { assert (E : Jt (plus (upd i) (iterate Jt i g0)) = plus (Jt (upd i)) (Jt (iterate Jt i g0))) by exact (linear_plus _ JtL _ _).
    rewrite E. simpl. generalize (upd (S i)) (Jt (upd i)) (Jt (iterate Jt i g0)). intros. module (vf_State N). }
  rewrite Id. eapply Rle_trans. apply norm_triangle.
  assert (B1 : box_drift d h k * norm (upd i) <= box_drift d h k * (rate ^ i * g)) by now apply Rmult_le_compat_l.
  assert (B2 : norm (Jt (plus (upd i) (iterate Jt i g0))) <= box_Jt d * ((rate ^ i - box_Jt d ^ i) * g)).
  { eapply Rle_trans. apply in_box. apply Rmult_le_compat_l. exact Pj. apply IH. lia. }
  simpl pow. replace ((rate * rate ^ i - box_Jt d * box_Jt d ^ i) * g) with (box_drift d h k * (rate ^ i * g) + box_Jt d * ((rate ^ i - box_Jt d ^ i) * g)) by (unfold rate; ring).
  lra.
Qed.

Theorem geometric_error (g_s : vf_State N) (g_th : vf_Param N) :
  vf_loss_differentiable N -> vf_is_nabla_s N t g_s -> vf_is_nabla_theta N t g_th ->
  norm (plus (upd t) g_s) <= (rate ^ t - box_Jt d ^ t) * g /\
  (eta <> 0 -> norm (plus (corrected_Delta_param N t beta eta) g_th)
    <= (box_variation d * rate ^ t + box_H d * (rate ^ t - box_Jt d ^ t)) * g).
Proof.
intros HL Hs Hth. destruct (@vf_bptt_gradients N differentiable transposes at_rest t HL) as [G1 G2].
rewrite (gradient_unique (vf_dot_state_inner N) Hs G1), (gradient_unique (vf_dot_param_inner N) Hth G2).
assert (E := error_bounded (Nat.le_refl t)). split. exact E.
intros He. destruct (phase_bounded (Nat.le_refl t)) as [S1 U1]. assert (W := @sized_within t ltac:(lia) S1). destruct W as [W1 W2].
destruct transposes as [_ [BtL _]]. destruct in_box as [_ [_ [BH [_ [BV _]]]]].
set (w := minus (fst (z (S t))) (fst (z t))).
assert (Mw : w = scal (beta : R_AbsRing) (upd t)) by exact (state_moves t).
assert (D : corrected_Delta_param N t beta eta = scal (/ beta : R_AbsRing) (vf_H N (z t) w)).
{ unfold corrected_Delta_param, Delta_param_less, Delta_theta. change (1 + t)%nat with (S t). fold (z (S t)) (z t).
  rewrite param_moves. fold w. generalize (vf_H N (z t) w). intros y. module_field (vf_Param N). }
assert (H0 : vf_Bt N w = scal (beta : R_AbsRing) (vf_Bt N (upd t))) by (rewrite Mw; exact (linear_scal _ BtL (beta : R_AbsRing) (upd t))).
assert (Id : plus (corrected_Delta_param N t beta eta) (vf_Bt N (iterate Jt t g0))
  = plus (scal (/ beta : R_AbsRing) (minus (vf_H N (z t) w) (vf_Bt N w))) (vf_Bt N (plus (upd t) (iterate Jt t g0)))).
{ assert (E1 : vf_Bt N (plus (upd t) (iterate Jt t g0)) = plus (vf_Bt N (upd t)) (vf_Bt N (iterate Jt t g0))) by exact (linear_plus _ BtL _ _).
  rewrite D, E1, H0. generalize (vf_H N (z t) w) (vf_Bt N (upd t)) (vf_Bt N (iterate Jt t g0)). intros. module_field (vf_Param N). }
rewrite Id. assert (Ph := h_pos). assert (Pv : 0 <= box_variation d) by apply Hd. assert (Pc : 0 <= box_H d) by apply Hd.
assert (R0 : 0 <= box_state d) by exact (Rle_trans _ _ _ (norm_ge_0 _) W1). assert (R1' : 0 <= box_param d) by exact (Rle_trans _ _ _ (norm_ge_0 _) W2).
assert (V : norm (minus (vf_H N (z t) w) (vf_Bt N w)) <= box_variation d * (h * (rate ^ t * g))).
{ assert (X := BV (fst (z t)) (snd (z t)) w W1 W2). rewrite <- surjective_pairing in X. eapply Rle_trans. exact X.
  apply Rmult_le_compat_l. exact Pv. rewrite Mw, norm_scal_R. apply Rmult_le_compat_l. apply Rabs_pos. exact U1. }
assert (C : norm (vf_Bt N (plus (upd t) (iterate Jt t g0))) <= box_H d * ((rate ^ t - box_Jt d ^ t) * g)).
{ eapply Rle_trans. apply (BH (vf_s_star N) (vf_theta N)).
  assert (E1 : minus (vf_s_star N) (vf_s_star N) = zero) by module (vf_State N). rewrite E1, norm_zero. exact R0.
  assert (E1 : minus (vf_theta N) (vf_theta N) = zero) by module (vf_Param N). rewrite E1, norm_zero. exact R1'.
  now apply Rmult_le_compat_l. }
eapply Rle_trans. apply norm_triangle. rewrite norm_scal_R, Rabs_inv. fold h.
replace ((box_variation d * rate ^ t + box_H d * (rate ^ t - box_Jt d ^ t)) * g)
  with (/ h * (box_variation d * (h * (rate ^ t * g))) + box_H d * ((rate ^ t - box_Jt d ^ t) * g)) by (field; lra).
apply Rplus_le_compat. apply Rmult_le_compat_l. left. now apply Rinv_0_lt_compat. exact V. exact C.
Qed.
End Bound.
